"""Loss curves of bounded length."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_POINTS = 2_048
"""A series longer than this is halved by averaging neighbours."""


Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """A bounded series of losses in nats per image; each point is the mean of ``stride`` events."""

    rows: Column = field(default_factory=lambda: np.empty((0, 4)))
    """(N, 4): step, epoch, reconstruction, KL."""
    pending: Column = field(default_factory=lambda: np.empty((0, 4)))
    """The newest events, fewer than ``stride``."""
    stride: int = 1

    @property
    def columns(self) -> tuple[Column, Column, Column]:
        """Epoch, reconstruction and KL, oldest first, the newest value included."""
        rows = self.rows
        if len(self.pending):
            rows = np.vstack([rows, self.pending.mean(0)])
        return rows[:, 1], rows[:, 2], rows[:, 3]

    def add(self, new: ArrayLike) -> "Losses":
        """Return the series with ``new`` (N, 4; step, epoch, reconstruction, KL) after it."""
        rows, stride = self.rows, self.stride
        pending = np.vstack([self.pending, np.asarray(new, dtype=float).reshape(-1, 4)])
        while True:
            whole = len(pending) // stride * stride
            means = pending[:whole].reshape(-1, stride, 4).mean(1)
            rows, pending = np.vstack([rows, means]), pending[whole:]
            if len(rows) <= MOST_POINTS:
                return Losses(rows, pending, stride)
            if len(rows) % 2:
                pending = np.vstack([np.repeat(rows[-1:], stride, axis=0), pending])
                rows = rows[:-1]
            rows = rows.reshape(-1, 2, 4).mean(1)
            stride *= 2

    def until(self, step: int) -> "Losses":
        """Return the series without what came after ``step``."""
        return Losses(
            self.rows[self.rows[:, 0] <= step],
            self.pending[self.pending[:, 0] <= step],
            self.stride,
        )


@dataclass(frozen=True, slots=True, eq=False)
class LossRows:
    """Many loss events in a row, without what only the newest of them tells.

    A ``LossesMeasured`` comes right after them.
    """

    rows: Column
    """(N, 4): step, epoch, reconstruction, KL."""
