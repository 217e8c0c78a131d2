"""What a run's files add up to in one line: its state, how far it is, its test loss."""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vae_tui import events
from vae_tui.config import RANGES, RunConfig
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
from vae_tui.salvage import config_or_rest
from vae_tui.states import ADVICE, has_spoken, silence, state_of
from vae_tui.strangers import open_regular


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
    objective: str = ""
    """What the test loss adds up to: bce+kl, bce, se/2+kl or se/2; losses of others differ."""
    silent_seconds: float = 0.0
    """Since its trainer's last sign of life, while it lives."""
    next: str = ""
    """What to do next, as a line."""


def summarise(run: Run, now: float | None = None) -> Summary:
    """Read the run's files; a damaged config as far as it goes."""
    return _summarise(run, config_or_rest(run)[0], time.time() if now is None else now)


def readable(runs: list[Run]) -> tuple[list[Summary], list[str]]:
    """Return the summaries of the runs, and what is wrong with the configs of some."""
    now = time.time()
    known = [config_or_rest(run) for run in runs]
    found = [_summarise(run, config, now) for run, (config, _) in zip(runs, known, strict=True)]
    return found, [
        why
        for run, (_, wrong) in zip(runs, known, strict=True)
        for why in (wrong, _unreadable(run.events))
        if why
    ]


def _unreadable(path: Path) -> str:
    """Return why a file cannot be read, where it is there."""
    try:
        with contextlib.suppress(FileNotFoundError), open_regular(path):
            pass
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return ""


def test_loss(tested: EpochEnded, config: RunConfig) -> float:
    """Return the test loss with z sampled, nats per image; an auto-encoder's has no KL in it."""
    return tested.test_bce + (tested.test_kl if config.model == "vae" else 0.0)


def objective(config: RunConfig) -> str:
    """Return what the test loss adds up to."""
    reconstruction = "bce" if config.reconstruction == "bce" else "se/2"
    return f"{reconstruction}+kl" if config.model == "vae" else reconstruction


def _summarise(run: Run, config: RunConfig, now: float) -> Summary:
    pid = run.pid()
    live = run.is_live()
    began = _modified(run.lock) if live else -math.inf
    epoch, epochs = 0.0, config.epochs
    tests: list[tuple[int, float]] = []
    begun: RunStarted | None = None
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
                begun, ended, paused = event, None, False
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
    silent = silence(now, heard, began, _modified(run.events)) if live else 0.0
    state = state_of(
        live,
        ended,
        paused=paused,
        silent=silent,
        spoken=has_spoken(begun, pid, heard, began),
    )
    return Summary(
        name=run.name,
        state=state,
        dataset=config.dataset,
        epoch=epoch,
        epochs=epochs,
        step=newest.step if newest else 0,
        test_loss=tests[-1][1] if tests else math.nan,
        pid=pid,
        path=str(run.path),
        objective=objective(config),
        silent_seconds=silent,
        next=ADVICE[state].format(name=run.name),
    )


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


def _modified(path: Path) -> float:
    """Return when a file was last written to, Unix seconds: of the lock, when it was taken."""
    try:
        return path.stat().st_mtime
    except OSError:
        return -math.inf
