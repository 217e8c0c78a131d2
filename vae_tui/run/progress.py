"""The state that a run's events add up to, resumes and undos included.

A resume continues from a save: its ``run_started`` carries that step, and earlier events of later
steps are void.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import SimpleNamespace
from typing import Any, TypeVar

from vae_tui.run import events
from vae_tui.run.config import RANGES, RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, SettingChanged
from vae_tui.run.series import TEST_LOSS

MOST_CHANGES = 32
"""The newest changes of settings are kept; older ones stay in the log."""


def is_void(step: int, restart: RunStarted) -> bool:
    """Return whether ``restart`` voids earlier events of ``step``."""
    return step > restart.step


@dataclass(frozen=True, slots=True, eq=False)
class TestedStep:
    """A test in force, linked to the one before it: a resume drops the newest ones."""

    __test__ = False  # not a class of tests for pytest

    step: int
    loss: float
    """Nats per image, z sampled; may not be finite."""
    best_loss: float
    """The lowest finite loss so far; NaN where there is none."""
    earlier: "TestedStep | None" = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What the events so far add up to."""

    name: str
    config: RunConfig
    started: RunStarted | None = None
    ended: events.RunEnded | None = None
    paused: events.Paused | None = None
    measured: LossesMeasured | None = None
    tested: EpochEnded | None = None
    """The newest test; None after a resume that voids it, until the next test."""
    tests: TestedStep | None = None
    """Every test in force, newest first."""
    untrained: EpochEnded | None = None
    """The test before the first step."""
    machine: events.MachineMeasured | None = None
    """The newest measurement of the machine since the trainer started, or was resumed."""
    diverged: events.Diverged | None = None
    refused: events.CommandRefused | None = None
    """The newest command that was not carried out."""
    setting_changes: tuple[SettingChanged, ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    """The value of each setting that was changed."""
    epochs: int = 0
    """Number of epochs to train."""
    began: float = math.nan
    """When the first trainer started, Unix seconds."""
    trained_seconds: float = 0.0
    """Seconds from each trainer's start to its newest epoch or end, without pauses."""
    timed_at: float = math.nan
    """Time of the event up to which they are counted, Unix seconds."""
    last_time: float = math.nan
    """Time of the newest event, Unix seconds, by the trainer's clock."""
    notice: str = ""
    """The trainer's newest message: why it pauses, or ended."""

    @property
    def step(self) -> int:
        """Optimiser steps taken."""
        newest = (self.started, self.measured, self.tested, self.paused, self.ended)
        return max((event.step for event in newest if event is not None), default=0)

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction."""
        if self.measured and (self.started is None or self.measured.step >= self.started.step):
            return self.measured.epoch
        return self.epoch_of(self.started.step) if self.started else 0.0

    def epoch_of(self, step: int) -> float:
        """Return the epochs done after a step, with the fraction; NaN before the run started."""
        return step / max(self.started.steps_per_epoch, 1) if self.started else math.nan

    @property
    def beta(self) -> float:
        """The KL's weight in the settings; during warm-up the loss uses a smaller one."""
        return self._setting("beta", self.config.beta)

    @property
    def lr(self) -> float:
        """The learning rate in the settings."""
        changed_at = max((one.step for one in self.setting_changes if one.name == "lr"), default=-1)
        if self.measured is not None and self.measured.step > changed_at:
            return self.measured.lr
        return self._setting("lr", self.config.lr)

    @property
    def last_test_loss(self) -> float:
        """The loss of the newest test in force; NaN before the first."""
        return self.tests.loss if self.tests else math.nan

    def test_losses(self, most: int) -> tuple[float, ...]:
        """Return at most ``most`` losses of the tests in force, evenly spaced, oldest first."""
        losses, test = [], self.tests
        while test is not None:
            losses.append(test.loss)
            test = test.earlier
        stride = max(-(-len(losses) // most), 1)
        return tuple(losses[::stride][::-1])

    @property
    def best_test_loss(self) -> float:
        """The lowest loss of all tests in force; NaN before the first."""
        return self.tests.best_loss if self.tests else math.nan

    def _setting(self, name: str, configured: float) -> float:
        value = self.settings.get(name, configured)
        return value if math.isfinite(value) else configured


SomeProgress = TypeVar("SomeProgress", bound=Progress)
_FIELDS = tuple(field.name for field in fields(Progress))
_TIMED = (RunStarted, EpochEnded, events.Paused, events.Resumed, events.RunEnded)


def advance(progress: SomeProgress, *happened: Event) -> SomeProgress:
    """Return the progress after more events; many at once take 4 us each, one alone 15."""
    # A mutable copy, because a frozen one for each event would be most of the time.
    now: Any = SimpleNamespace(**{name: getattr(progress, name) for name in _FIELDS})
    for event in happened:
        changes = _changes(now, event)
        if isinstance(event, _TIMED):
            changes |= _timed(now, event)
        vars(now).update(changes, last_time=event.time)
    return replace(progress, **vars(now))


def _timed(progress: Progress, event: Event) -> dict[str, Any]:
    seconds = progress.trained_seconds
    if not isinstance(event, (RunStarted, events.Resumed)) and progress.paused is None:
        passed = event.time - progress.timed_at
        seconds += passed if passed > 0 else 0.0  # the clock may have been set back
    is_first = isinstance(event, RunStarted) and math.isnan(progress.began)
    began = event.time if is_first else progress.began
    return {"began": began, "trained_seconds": seconds, "timed_at": event.time}


def until(tests: TestedStep | None, step: int) -> TestedStep | None:
    """Return the newest test that is not later than ``step``."""
    while tests is not None and tests.step > step:
        tests = tests.earlier
    return tests


def _changes(before: Progress, event: Event) -> dict[str, Any]:
    """Return the fields of ``Progress`` that an event changes."""
    changes: dict[str, Any] = {}
    match event:
        case RunStarted():
            changes = _restarted(before, event)
        case LossesMeasured():
            changes = {"measured": event, "paused": None}
        case EpochEnded():
            changes = {"tested": event, "tests": _tested(before.tests, event, before.config)}
            if event.epoch == 0:
                changes["untrained"] = event
        case SettingChanged():
            changes = _changed(before, event)
        case events.MachineMeasured():
            changes = {"machine": event}
        case events.Paused():
            changes = {"paused": event, "machine": None, "notice": event.why}
        case events.Resumed():
            changes = {"paused": None, "notice": ""}
        case events.RunEnded():
            changes = {"ended": event, "paused": None, "machine": None, "notice": event.message}
        case events.Diverged():
            changes = {"diverged": event}
        case events.CommandRefused():
            changes = {"refused": event}
        case events.TrainingSlowed():
            changes = {"notice": f"at step {event.step:,} {event.why}"}
    return changes


def _restarted(before: Progress, event: RunStarted) -> dict[str, Any]:
    measured, tested = before.measured, before.tested
    void = [change for change in before.setting_changes if is_void(change.step, event)]
    undone = {change.name: change.old for change in reversed(void)}
    return {
        "started": event,
        "ended": None,
        "paused": None,
        "machine": None,
        "measured": measured if measured and not is_void(measured.step, event) else None,
        "tested": tested if tested and not is_void(tested.step, event) else None,
        "tests": until(before.tests, event.step),
        "diverged": None,
        "refused": None,
        "setting_changes": tuple(each for each in before.setting_changes if each not in void),
        "settings": {**before.settings, **undone},
        "epochs": event.epochs or before.epochs,
        "notice": "",
    }


def _tested(tests: TestedStep | None, event: EpochEnded, config: RunConfig) -> TestedStep:
    loss = TEST_LOSS.value(event, config)
    best = tests.best_loss if tests else math.nan
    if math.isfinite(loss) and not best <= loss:
        best = loss
    return TestedStep(event.step, loss, best, tests)


def _changed(before: Progress, event: SettingChanged) -> dict[str, Any]:
    is_length = event.name == "epochs" and event.new in RANGES["epochs"]
    return {
        "setting_changes": (*before.setting_changes, event)[-MOST_CHANGES:],
        "settings": {**before.settings, event.name: event.new},
        "epochs": int(event.new) if is_length else before.epochs,
    }
