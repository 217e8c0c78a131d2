"""What a run's files add up to in one line: its state, how far it is, its test loss."""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from vae_tui import events
from vae_tui.config import RANGES, RunConfig
from vae_tui.errors import UsageError
from vae_tui.events import (
    EpochEnded,
    Event,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
)
from vae_tui.files import read_lines
from vae_tui.run import Run
from vae_tui.strangers import open_regular

STALLED_SECONDS = 30.0
"""A live trainer that has reported nothing for so long, without being paused, is stalled."""

_REASONS = ("finished", "stopped", "failed")

ADVICE = {
    "running": "watch it with: vae-tui attach {name}",
    "paused": "go on with: vae-tui resume {name}",
    "finished": "look at it with: vae-tui attach {name}",
    "stopped": "go on with: vae-tui resume {name}",
    "failed": "see why: vae-tui attach {name}; go on from the last save: vae-tui resume {name}",
    "lost": "its process is gone; go on from the last save: vae-tui resume {name}",
    "stalled": "its process is alive but silent; vae-tui stop {name} asks it to end",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of ``vae-tui runs``."""

    name: str
    state: str
    """running, paused, finished, stopped, failed, lost or stalled."""
    dataset: str
    epoch: float
    epochs: int
    step: int
    test_loss: float
    """Of the newest test, z sampled, nats per image; NaN before the first."""
    pid: int | None
    path: str


def summarise(run: Run, now: float | None = None) -> Summary:
    """Read the run's files; raises UsageError when its config cannot be read."""
    config = run.config()
    pid = run.pid()
    live = run.is_live()
    now = time.time() if now is None else now
    began = _trainer_began(run) if live else -math.inf
    epoch, epochs = 0.0, config.epochs
    tests: list[tuple[int, float]] = []
    ended: RunEnded | None = None
    newest: Event | None = None
    paused = False
    for event in _telling_events(run):
        newest = event
        match event:
            case RunStarted():
                tests = [test for test in tests if test[0] <= event.step]  # the others are void
                epoch = event.step / max(event.steps_per_epoch, 1)
                epochs = event.epochs or epochs
                ended, paused = None, False
            case LossesMeasured():
                epoch, paused = event.epoch, False
            case EpochEnded():
                tests.append((event.step, test_loss(event, config)))
            case SettingChanged(name="epochs") if event.new in RANGES["epochs"]:
                epochs = int(event.new)
            case Paused() | Resumed():
                paused = isinstance(event, Paused)
            case RunEnded():
                ended = event
    heard = newest.time if newest else -math.inf
    return Summary(
        name=run.name,
        state=state_of(
            live,
            ended,
            paused=paused and began <= heard,
            silent=now - max(heard, began),
        ),
        dataset=config.dataset,
        epoch=epoch,
        epochs=epochs,
        step=newest.step if newest else 0,
        test_loss=tests[-1][1] if tests else math.nan,
        pid=pid,
        path=str(run.path),
    )


def state_of(live: bool, ended: Event | None, *, paused: bool, silent: float) -> str:
    """Return a run's state in one word.

    Args:
        live: A trainer holds its lock.
        ended: The last word of the newest trainer, if it said one.
        paused: Its last report was that it pauses.
        silent: Seconds since its last report.
    """
    if not live:
        if isinstance(ended, RunEnded) and ended.reason in _REASONS:
            return ended.reason
        return "lost"
    if paused:
        return "paused"
    return "stalled" if silent > STALLED_SECONDS else "running"


def test_loss(tested: EpochEnded, config: RunConfig) -> float:
    """Return the test loss with z sampled, nats per image; an auto-encoder's has no KL in it."""
    return tested.test_bce + (tested.test_kl if config.model == "vae" else 0.0)


def _telling_events(run: Run) -> Iterator[Event]:
    """Yield the events that tell of the state: of many losses in a row only the last."""
    losses = b""
    with contextlib.suppress(OSError):
        for line in read_lines(run.events):
            if b'"losses_measured"' in line[:40]:
                losses = line
                continue
            yield from _decoded(losses)
            yield from _decoded(line)
            losses = b""
    yield from _decoded(losses)


def _decoded(line: bytes) -> Iterator[Event]:
    """Yield the event of a line, when it is one."""
    with contextlib.suppress(ValueError):
        if event := events.decode(line):
            yield event


def _trainer_began(run: Run) -> float:
    """Return when the live trainer took the lock, Unix seconds; it writes its pid there."""
    try:
        return run.lock.stat().st_mtime
    except OSError:
        return -math.inf


def readable(runs: list[Run]) -> tuple[list[Summary], list[str]]:
    """Return the summaries of the runs whose config can be read, and what is wrong with others."""
    found, wrong = [], []
    for run in runs:
        try:
            found.append(summarise(run))
            with contextlib.suppress(FileNotFoundError), open_regular(run.events):
                pass
        except UsageError as error:
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"{run.events} cannot be read: {error.strerror}")
    return found, wrong
