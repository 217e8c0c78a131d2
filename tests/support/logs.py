"""Event logs written by hand, and a lock held without a trainer."""

from dataclasses import replace
from pathlib import Path

from support import run_events
from support.tiny_runs import tiny_config

from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, encode
from vae_tui.run.folder import Run
from vae_tui.run.lock.run_lock import update
from vae_tui.run.runs_folder import create

NOW = 1_000_000.0


def started(step: int = 0, at: float = NOW) -> RunStarted:
    return replace(
        run_events.STARTED,
        **{"time": at, "step": step, "precision": "fp32", "images": 600, "parameters": 9},
        **{"steps_per_epoch": 6, "pid": 1, "epochs": 3, "test_images": 0},
    )


def losses(step: int, at: float = NOW) -> LossesMeasured:
    values = {"bce": 9, "kl": 1, "beta": 1, "lr": 1, "images_per_second": 1, "memory_bytes": 0}
    return run_events.losses(step, time=at, epoch=step / 6, **values)


def epoch_ended(epoch: int, bce: float, at: float = NOW) -> EpochEnded:
    values = {"train_bce": 9, "train_kl": 1, "test_kl": 2.0, "test_bce_at_mean": 8, "seconds": 1}
    none = {"kl_per_dimension": (), "active_units": 0}
    return run_events.tested(epoch, time=at, step=6 * epoch, test_bce=bce, **values, **none)


def run_with(folder: Path, *happened: Event, **changes: object) -> Run:
    run = create(folder, None, tiny_config(**changes))
    run.events.write_bytes(b"".join(map(encode, happened)))
    return run


def live(run: Run, since: float = NOW - 1_000) -> int:
    """Hold the run's lock as a trainer that began at ``since`` does; it is freed when closed."""
    lock = run.take_lock("token")
    update(lock, "token", pid=42, started=since)
    return lock
