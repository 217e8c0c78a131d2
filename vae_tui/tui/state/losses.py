"""Curves of bounded length."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vae_tui.run import series

MOST_POINTS = 2_048
"""Longer curves are halved by averaging neighbours."""
FIRST_POINTS = 256
"""The first points of the training, which are not averaged: a logarithmic axis spreads them."""

Column = NDArray[np.float64]


def test_loss_name(model: str, reconstruction: str, *, unicode: bool) -> str:
    """Return the name of a run's test loss: the negative ELBO, or what an auto-encoder has."""
    name = series.RECONSTRUCTION_TERMS[reconstruction].label
    if model == "ae":
        return name
    if reconstruction == "mse":  # the ELBO up to a constant
        return f"{name}+KL"
    return "−ELBO" if unicode else "-ELBO"


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Bounded curves of the same events.

    The first points are single events, each later one is the mean of ``stride`` events.
    """

    names: tuple[str, ...]
    """The series, as the table of series names them."""
    rows: Column
    """(N, 2 + len(names)): step, epoch, and a value of each series."""
    pending: Column
    """The newest events, fewer than ``stride``."""
    stride: int = 1
    most: int = MOST_POINTS
    """Limit of the number of ``rows``."""
    first: Column = field(kw_only=True)
    """As ``rows``, of the first ``most_first`` events."""
    most_first: int = 0

    @classmethod
    def of(cls, *names: str, most: int = MOST_POINTS, most_first: int = 0) -> "Losses":
        """Return curves of these series, without a point."""
        nothing = np.empty((0, 2 + len(names)))
        return cls(names, nothing, nothing, most=most, first=nothing, most_first=most_first)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Epochs, then the values of each series, oldest first, the newest event included."""
        points = [self.first, self.rows]
        if len(self.pending):
            points.append(self.pending.mean(0, keepdims=True))
        return tuple(np.vstack(points)[:, 1:].T)

    def curve(self, name: str) -> tuple[Column, Column]:
        """Return epochs and values of a series, oldest first, NaN where it was not measured."""
        epochs, *values = self.columns
        known = dict(zip(self.names, values, strict=True))
        return epochs, known.get(name, np.full_like(epochs, np.nan))

    def add(self, new: ArrayLike) -> "Losses":
        """Return the curves with rows ``new`` (N, 2 + len(names)) after them."""
        rows, stride, width = self.rows, self.stride, 2 + len(self.names)
        new = np.asarray(new, dtype=float).reshape(-1, width)
        room = self.most_first - len(self.first)
        first = np.vstack([self.first, new[:room]]) if room else self.first
        pending = np.vstack([self.pending, new[room:]])
        while True:
            whole = len(pending) // stride * stride
            means = pending[:whole].reshape(-1, stride, width).mean(1)
            rows, pending = np.vstack([rows, means]), pending[whole:]
            if len(rows) <= self.most:
                return replace(self, rows=rows, pending=pending, stride=stride, first=first)
            if len(rows) % 2:
                pending = np.vstack([np.repeat(rows[-1:], stride, axis=0), pending])
                rows = rows[:-1]
            rows = rows.reshape(-1, 2, width).mean(1)
            stride *= 2

    def until(self, step: int) -> "Losses":
        """Return the curves without what came after ``step``."""
        first, rows, pending = (
            rows[rows[:, 0] <= step] for rows in (self.first, self.rows, self.pending)
        )
        return replace(self, first=first, rows=rows, pending=pending)


def curves(per: series.Per) -> Losses:
    """Return empty curves of what is measured each step, or each epoch: of all that is drawn.

    Also of the seconds of each epoch, from which the axis of time is made.
    """
    names = [metric.name for metric in series.drawn(per)]
    if per == "step":
        return Losses.of(*names, most_first=FIRST_POINTS)
    return Losses.of(*names, "seconds")


@dataclass(frozen=True, slots=True, eq=False)
class LossRows:
    """Many ``LossesMeasured`` in a row, reduced to what curves need.

    Whole ones come before and after them.
    """

    rows: Column
    """As ``Losses.rows`` of the training curves."""
