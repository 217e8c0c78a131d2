"""What a run's events add up to: one frozen value, and the function that makes the next one."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vae_tui.run.config import RANGES, RunConfig
from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    EpochEnded,
    Event,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
    WeightsSaved,
)
from vae_tui.run.state import has_spoken, silence, state_of
from vae_tui.tui.state.losses import Column, Losses, LossRows

REFUSAL_SECONDS = 10.0
"""So long is it news that a command was refused."""


@dataclass(frozen=True, slots=True, eq=False)
class RunView:
    """All that a screen shows of a run."""

    name: str
    config: RunConfig
    live: bool = False
    """A trainer holds the run's lock."""
    live_since: float = -math.inf
    """When it took the lock, Unix seconds: what is older, an earlier trainer said."""
    unread: float = 0.0
    """Which share of the log has not been read yet."""
    gone: bool = False
    """The run's folder is there no more."""
    read_only: bool = False
    """The run's folder is on a file system that is read-only now: nothing can be told there."""
    live_pid: int | None = None
    is_here: bool = False
    """The live trainer is a process of this machine."""
    started: RunStarted | None = None
    ended: RunEnded | None = None
    paused: Paused | None = None
    measured: LossesMeasured | None = None
    tested: EpochEnded | None = None
    diverged: Diverged | None = None
    train: Losses = field(default_factory=Losses)
    test: Losses = field(default_factory=Losses)
    """With z sampled; the first point is the untrained network, until points are averaged."""
    untrained_bce: float = math.nan
    """The untrained network's own, however long the run became."""
    best_test_loss: float = math.nan
    best_step: int = 0
    last_test_loss: float = math.nan
    weights_step: int = -1
    """Of the newest weights; -1 before the first."""
    kept: tuple[int, ...] = ()
    """The steps whose weights are kept, ascending."""
    changes: tuple[float, ...] = ()
    """Epochs at which a setting was changed, at most the newest 32."""
    epochs: int = 0
    set_beta: float = math.nan
    last_time: float = math.nan
    """When the newest event happened, Unix seconds, by the trainer's clock."""
    heard_at: float = math.nan
    """When a new event was last seen to come, Unix seconds, by this machine's clock."""
    damage: str = ""
    """What is wrong with the run's config."""
    notice: str = ""
    """What the run itself last had to say: why it pauses, or ended."""
    refused: CommandRefused | None = None
    """The newest command that could not be obeyed."""

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction."""
        if self.measured is None:
            return self.started.step / max(self.started.steps_per_epoch, 1) if self.started else 0.0
        return self.measured.epoch

    @property
    def beta(self) -> float:
        """The KL's weight as it was set last; what is in force rises to it in the warm-up."""
        return self.set_beta if math.isfinite(self.set_beta) else self.config.beta

    @property
    def step(self) -> int:
        """Optimiser steps taken."""
        if self.ended is not None:
            return self.ended.step
        return self.measured.step if self.measured else self.started.step if self.started else 0

    def state(self, now: float) -> str:
        """Return the state in one word; ``now`` in Unix seconds."""
        if self.unread:
            return "reading"
        spoken = has_spoken(self.started, self.live_pid, self.last_time, self.live_since)
        paused, silent = self.paused is not None, self.silent(now)
        state = state_of(self.live, self.ended, paused=paused, silent=silent, spoken=spoken)
        return "starting" if state == "running" and not spoken else state

    def silent(self, now: float) -> float:
        """Return the seconds since the live trainer's last sign of life."""
        return silence(now, self.last_time, self.heard_at, self.live_since)

    def refusal(self, now: float) -> str:
        """Return why the newest command was refused, while that is news at ``now`` (Unix s)."""
        if self.refused is None:
            return ""
        # The trainer's clock tells the time from then to its newest report, ours from there.
        age = self.last_time - self.refused.time + self.silent(now)
        return self.refused.why if age < REFUSAL_SECONDS else ""

    def seconds_left(self) -> float:
        """Return the estimated seconds until the last epoch is done; NaN when unknown."""
        if self.measured is None or self.started is None or self.measured.images_per_second <= 0:
            return math.nan
        images = (self.epochs - self.epoch) * self.started.images
        return max(images, 0.0) / self.measured.images_per_second


def advance(view: RunView, events: Iterable[Event | LossRows]) -> RunView:
    """Return the view after ``events``; bounded in size however many there were."""
    train: list[Column] = []
    for event in events:
        match event:
            case LossRows():
                train.append(event.rows)
                continue
            case LossesMeasured():
                train.append(np.array([(event.step, event.epoch, event.bce, event.kl)]))
                view = replace(view, measured=event, paused=None)
            case RunStarted():
                view = _restart(replace(view, train=_longer(view.train, train)), event)
                train = []
            case EpochEnded():
                view = _test(view, event)
            case WeightsSaved() if event.path == "weights.safetensors":
                view = replace(view, weights_step=event.step)
            case _:
                view = _note(view, event)
        view = replace(view, last_time=event.time)
    return replace(view, train=_longer(view.train, train)) if train else view


def _longer(losses: Losses, new: list[Column]) -> Losses:
    return losses.add(np.vstack(new)) if new else losses


def _restart(view: RunView, event: RunStarted) -> RunView:
    """Begin, or go on from an earlier step: what was said of later ones is void."""
    measured, tested = view.measured, view.tested
    kept = view.test.until(event.step)
    if view.best_step > event.step:
        best_loss, best_step = _best(kept, view.config)
        view = replace(view, best_test_loss=best_loss, best_step=best_step)
    epoch = event.step / max(event.steps_per_epoch, 1)
    return replace(
        view,
        started=event,
        ended=None,
        paused=None,
        diverged=None,
        measured=measured if measured and measured.step <= event.step else None,
        tested=tested if tested and tested.step <= event.step else None,
        train=view.train.until(event.step),
        test=kept,
        changes=tuple(change for change in view.changes if change <= epoch),
        epochs=event.epochs or view.epochs,
        notice="",
        refused=None,
    )


def _best(test: Losses, config: RunConfig) -> tuple[float, int]:
    """Return the lowest finite test loss and its step; NaN and 0 where there is none."""
    _, reconstruction, kl = test.columns
    losses = reconstruction + kl if config.model == "vae" else reconstruction
    if not np.isfinite(losses).any():
        return math.nan, 0
    best = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
    return float(losses[best]), int(test.rows[best, 0])


def _test(view: RunView, event: EpochEnded) -> RunView:
    loss = event.test_bce + (event.test_kl if view.config.model == "vae" else 0.0)
    best = math.isfinite(loss) and not view.best_test_loss <= loss
    return replace(
        view,
        tested=event,
        test=view.test.add([(event.step, event.epoch, event.test_bce, event.test_kl)]),
        last_test_loss=loss,
        best_test_loss=loss if best else view.best_test_loss,
        best_step=event.step if best else view.best_step,
        untrained_bce=event.test_bce if event.epoch == 0 else view.untrained_bce,
    )


def _note(view: RunView, event: Event) -> RunView:
    news: dict[str, Any] = {}
    match event:
        case Paused():
            news = {"paused": event, "notice": event.why}
        case Resumed():
            news = {"paused": None, "notice": ""}
        case RunEnded():
            news = {"ended": event, "paused": None, "notice": event.message}
        case Diverged():
            news = {"diverged": event}
        case CommandRefused():
            news = {"refused": event}
        case SettingChanged():
            is_length = event.name == "epochs" and event.new in RANGES["epochs"]
            epochs = int(event.new) if is_length else view.epochs
            news = {"changes": (*view.changes, view.epoch)[-32:], "epochs": epochs}
            if event.name == "beta":
                news["set_beta"] = event.new
    return replace(view, **news)
