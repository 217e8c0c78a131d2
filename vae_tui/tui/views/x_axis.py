"""What the charts have across: epochs, steps, or the time spent training."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from vae_tui.tui.charts.series import Series
from vae_tui.tui.state.losses import Column
from vae_tui.tui.state.run_view import RunView


@dataclass(frozen=True, slots=True)
class XAxis:
    """One kind of x axis."""

    label: str
    """Its unit."""
    of: Callable[[RunView, Column], Column]
    """Converts the epochs of a run."""

    def convert(self, view: RunView, curves: Iterable[Series]) -> list[Series]:
        """Return curves of a run over this axis instead of over epochs."""
        return [replace(one, xs=self.of(view, _column(one.xs))) for one in curves]

    def position(self, view: RunView, epoch: float) -> float:
        """Return the position of an epoch of a run."""
        return float(self.of(view, _column([epoch]))[0])


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
    XAxis("epoch", lambda _, epochs: epochs),
    XAxis("step", _steps),
    XAxis("min", _minutes),
)
