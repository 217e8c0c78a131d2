"""What a run's files add up to in one line: its state, how far it is, its test loss."""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from vae_tui import events
from vae_tui.config import RunConfig
from vae_tui.errors import UsageError
from vae_tui.events import EpochEnded, Event, LossesMeasured, Paused, Resumed, RunEnded, RunStarted
from vae_tui.files import read_lines
from vae_tui.run import Run

STALLED_SECONDS = 30.0
"""A live trainer that has reported nothing for so long, without being paused, is stalled."""

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
    last: dict[type[Event], Event] = {}
    newest: Event | None = None
    for event in _telling_events(run):
        last[type(event)] = newest = event
        if isinstance(event, RunStarted):
            last.pop(RunEnded, None)
    measured, tested = last.get(LossesMeasured), last.get(EpochEnded)
    started = last.get(RunStarted)
    epochs = started.epochs if isinstance(started, RunStarted) and started.epochs else config.epochs
    return Summary(
        name=run.name,
        state=state_of(
            live,
            last.get(RunEnded),
            paused=_later(last.get(Paused), last.get(Resumed), started),
            silent=(now or time.time()) - (newest.time if newest else time.time()),
        ),
        dataset=config.dataset,
        epoch=measured.epoch if isinstance(measured, LossesMeasured) else 0.0,
        epochs=epochs,
        step=newest.step if newest else 0,
        test_loss=test_loss(tested, config) if isinstance(tested, EpochEnded) else math.nan,
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
        return ended.reason if isinstance(ended, RunEnded) else "lost"
    if paused:
        return "paused"
    return "stalled" if silent > STALLED_SECONDS else "running"


def test_loss(tested: EpochEnded, config: RunConfig) -> float:
    """Return the test loss with z sampled, nats per image; an auto-encoder's has no KL in it."""
    return tested.test_bce + (tested.test_kl if config.model == "vae" else 0.0)


def _telling_events(run: Run) -> Iterator[Event]:
    """Yield the events that tell of the state: of the many losses only the last."""
    last_losses = b""
    with contextlib.suppress(OSError):
        for line in read_lines(run.events):
            if b'"losses_measured"' in line[:40]:
                last_losses = line
                continue
            with contextlib.suppress(ValueError):
                if event := events.decode(line):
                    yield event
    with contextlib.suppress(ValueError):
        if last_losses and (event := events.decode(last_losses)):
            yield event


def _later(event: Event | None, *others: Event | None) -> bool:
    """Tell whether ``event`` happened, and after all the others that did."""
    return event is not None and all(other is None or other.time <= event.time for other in others)


def readable(runs: list[Run]) -> list[Summary]:
    """Return the summaries of those runs whose config can be read."""
    found = []
    for run in runs:
        with contextlib.suppress(UsageError):
            found.append(summarise(run))
    return found
