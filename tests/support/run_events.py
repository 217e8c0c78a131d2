"""Recorded events of one run, and the conditions that they add up to."""

from collections.abc import Sequence
from typing import Any

from vae_tui.run.config import RunConfig
from vae_tui.run.events import (
    Diverged,
    EpochEnded,
    Event,
    LossesMeasured,
    MachineMeasured,
    Paused,
    RunEnded,
    RunStarted,
)

NOW = 1_700_000_000.0
CONFIG = RunConfig(dataset="digits", data_dir="/nowhere", epochs=150)
STARTED = RunStarted(
    time=NOW - 60,
    step=0,
    device="cpu",
    precision="bf16",
    images=4500,
    parameters=652_824,
    steps_per_epoch=18,
    pid=4711,
    world_size=1,
    commands_from=0,
    epochs=150,
    test_images=500,
    floor=46.6,
    collapse=213.8,
)


def losses(step: int, **changes: Any) -> LossesMeasured:
    values: dict[str, Any] = {
        "time": NOW - 1,
        "step": step,
        "epoch": step / 18,
        "bce": 100 + 400 / (1 + step / 18),
        "kl": 25 - 25 / (1 + step / 18),
        "beta": 1.0,
        "lr": 1e-3,
        "images_per_second": 54_200.0,
        "memory_bytes": 743 << 20,
    }
    return LossesMeasured(**{**values, **changes})


def machine_measured(step: int, **changes: Any) -> MachineMeasured:
    values: dict[str, Any] = {
        "time": NOW - 1,
        "step": step,
        "cpu_percent": 93.0,
        "memory_used_bytes": 21.0 * 2**30,
        "memory_total_bytes": 24.0 * 2**30,
    }
    return MachineMeasured(**{**values, **changes})


def tested(epoch: int, **changes: Any) -> EpochEnded:
    values: dict[str, Any] = {
        "time": NOW - 1,
        "step": epoch * 18,
        "epoch": epoch,
        "train_bce": 110.0,
        "train_kl": 20.0,
        "test_bce": 100 + 444 / (1 + epoch),
        "test_kl": 24.0,
        "test_bce_at_mean": 91.0,
        "kl_per_dimension": tuple(2.5 - index / 8 for index in range(20)),
        "active_units": 18,
        "seconds": 0.7,
    }
    return EpochEnded(**{**values, **changes})


def ended(reason: str, message: str = "", step: int = 540) -> Event:
    return RunEnded(time=NOW - 1, step=step, reason=reason, message=message)


def _conditions() -> dict[str, tuple[Sequence[Event], dict[str, Any], bool]]:
    trained = (
        STARTED,
        tested(0),
        *(losses(step) for step in range(3, 541, 3)),
        *(tested(epoch) for epoch in range(1, 31)),
    )
    diverged = Diverged(time=NOW - 1, step=543, what="bce", last_good_step=540)
    dead = {"live": False}
    return {
        "nothing yet": ((), {}, False),
        "nothing left": ((), dead, False),
        "started": ((STARTED,), {}, False),
        "running": (trained, {}, True),
        "paused": ((*trained, Paused(time=NOW - 1, step=540)), {}, True),
        "stalled": ((*trained, losses(541, time=NOW - 100)), {}, True),
        "finished": ((*trained, ended("finished")), dead, True),
        "stopped": ((*trained, ended("stopped")), dead, True),
        "failed": ((*trained, ended("failed", "no space left on device")), dead, True),
        "diverged": ((*trained, diverged, ended("failed", "bce is nan")), dead, True),
        "lost": (trained, dead, True),
    }


CONDITIONS = _conditions()
"""What has happened, what else is known of the run, and whether there are weights and a probe."""
