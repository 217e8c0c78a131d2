"""Event logs written by hand, and a lock held without a trainer."""

import os
from pathlib import Path

from support.tiny_runs import tiny_config

from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, encode
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create

NOW = 1_000_000.0


def started(step: int = 0, at: float = NOW) -> RunStarted:
    return RunStarted(
        time=at,
        step=step,
        device="cpu",
        precision="fp32",
        images=600,
        parameters=9,
        steps_per_epoch=6,
        pid=1,
        world_size=1,
        epochs=3,
    )


def losses(step: int, at: float = NOW) -> LossesMeasured:
    return LossesMeasured(
        time=at, step=step, epoch=step / 6, bce=9, kl=1, beta=1, lr=1, images_per_second=1
    )


def epoch_ended(epoch: int, bce: float, at: float = NOW) -> EpochEnded:
    return EpochEnded(
        time=at,
        step=6 * epoch,
        epoch=epoch,
        train_bce=9,
        train_kl=1,
        test_bce=bce,
        test_kl=2.0,
        test_bce_at_mean=8,
        kl_per_dimension=(),
        active_units=0,
        seconds=1,
    )


def run_with(folder: Path, *happened: Event, **changes: object) -> Run:
    run = create(folder, None, tiny_config(**changes))
    run.events.write_bytes(b"".join(map(encode, happened)))
    return run


def live(run: Run, since: float = NOW - 1_000) -> int:
    """Hold the run's lock as a trainer that began at ``since`` does; it is freed when closed."""
    lock = run.take_lock()
    os.pwrite(lock, b"42\n", 0)
    os.utime(run.lock, (since, since))
    return lock
