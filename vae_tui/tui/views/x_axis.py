"""What the charts have across: epochs, steps, or the time spent training; and which part."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from vae_tui.tui.charts.axis import nice_step, rounded_up
from vae_tui.tui.charts.series import Series
from vae_tui.tui.state.losses import Column
from vae_tui.tui.state.run_view import RunView

RUN, RECENT, ALL_RUNS = "run", "recent", "all runs"
"""Parts of the x axis: the run on the screen, its newest quarter, and all overlaid runs."""
RECENT_SHARE = 0.25
"""Share of the run's epochs in `RECENT`."""


@dataclass(frozen=True, slots=True)
class XAxis:
    """One kind of x axis."""

    label: str
    """Its unit."""
    of: Callable[[RunView, Column], Column]
    """Converts the epochs of a run."""
    is_log: bool = False

    def convert(self, view: RunView, curves: Iterable[Series]) -> list[Series]:
        """Return curves of a run over this axis instead of over epochs."""
        return [replace(one, xs=self.of(view, _column(one.xs))) for one in curves]

    def position(self, view: RunView, epoch: float) -> float:
        """Return the position of an epoch of a run."""
        return float(self.of(view, _column([epoch]))[0])

    def window(
        self, view: RunView, others: Sequence[RunView], part: str
    ) -> tuple[float, float] | None:
        """Return the positions at both ends of the axis; None before the first step.

        While a run trains, the end is ahead of its newest value, so that the axis rarely changes:
        at a round number, or, on a log axis, where the last epoch will end.
        """
        if part == RECENT:
            low, high = (self.position(view, epoch) for epoch in recent_epochs(view))
            if view.live and low < high:
                step = nice_step((high - low) / 50)
                low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        else:
            runs = (view, *others) if part == ALL_RUNS else (view,)
            low, high = 0.0, max(map(self._end, runs))
            if self.is_log:
                low = min((self._first(run) for run in runs), default=math.inf)
        return (low, high) if low < high else None

    def _first(self, view: RunView) -> float:
        """Return the first position above 0."""
        positions = self.of(view, view.train.columns[0])
        return float(min(positions[positions > 0], default=math.inf))

    def _end(self, view: RunView) -> float:
        newest = self.position(view, newest_epoch(view))
        if not view.live or newest <= 0:
            return newest
        if self.is_log:
            return self.position(view, max(view.epoch, view.epochs))
        return rounded_up(newest)


def newest_epoch(view: RunView) -> float:
    """Return the epoch of the newest losses, or of the step at which they were not finite."""
    if view.diverged is None or view.started is None:
        return view.epoch
    return max(view.epoch, view.epoch_of(view.diverged.step))


def recent_epochs(view: RunView) -> tuple[float, float]:
    """Return the first and last epoch of `RECENT`; while the run trains, they move in steps."""
    end = newest_epoch(view)
    if view.live and end > 0:
        step = nice_step(end / 32)
        end = math.ceil(end / step) * step
    return end * (1 - RECENT_SHARE), end


def _column(values: ArrayLike) -> Column:
    return np.asarray(values, dtype=float)


def _steps(view: RunView, epochs: Column) -> Column:
    return epochs * (view.started.steps_per_epoch if view.started else 1)


def _minutes(view: RunView, epochs: Column) -> Column:
    """Return the training time up to each epoch, without pauses, from that of each epoch.

    It is interpolated within an epoch; after the last one it goes on at the same speed.
    """
    ends, seconds = view.test.curve("seconds")
    measured = np.isfinite(seconds) & (ends > 0)
    ends, seconds = ends[measured], seconds[measured]
    if not len(ends):
        return np.zeros_like(epochs)
    spans = np.diff(ends, prepend=0.0)  # more than 1 where points have been averaged
    minutes = np.cumsum(seconds * spans) / 60
    known: Column = np.interp(epochs, np.append(0.0, ends), np.append(0.0, minutes))
    after: Column = np.maximum(epochs - ends[-1], 0.0) * seconds[-1] / 60
    return known + after


X_AXES = (
    XAxis("epoch", lambda _, epochs: epochs, is_log=True),
    XAxis("epoch", lambda _, epochs: epochs),
    XAxis("step", _steps),
    XAxis("min", _minutes),
)
