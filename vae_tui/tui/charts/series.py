"""Series of any numbers as curves that plotext can draw: sorted, finite, few points."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vae_tui.tui.charts.axis import LARGEST, Doubles, short_number


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One curve as given: any length, with NaN and infinities in x and y."""

    xs: ArrayLike
    ys: ArrayLike
    colour: str
    """A style by name, such as a role of the theme."""
    label: str
    """Its word in the title row, which leaves out series with an empty one."""
    kind: Literal["line", "points"] = "line"
    is_named: bool = False
    """The label is the name of a run, and is the last to be left out."""
    best: int | None = None
    """Index of the point that is always drawn, as the newest is."""
    is_trend: bool = False
    """The line that the eye is to follow: thick where the characters allow it, over a ground."""
    mark: str = ""
    """Drawn in place of each point and of the sign beside the label, to be known without colour."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A series that plotext can draw."""

    series: Series
    all_xs: Doubles
    """Finite and sorted; on a log axis, as those below, the base-10 logarithm of x."""
    all_ys: Doubles
    """As given, also values that are not finite, and without logarithm."""
    xs: Doubles
    ys: Doubles
    """The drawable points."""
    after_gap: NDArray[np.bool_]
    """Whether a value that is not drawable precedes the point."""
    is_best: NDArray[np.bool_]
    """Whether the point is the best of the series."""
    non_finite_xs: Doubles
    is_above: NDArray[np.bool_]
    """Positions of values that are not drawable, and whether each is +inf."""


def safe_curve(
    series: Series, *, log: bool, log_x: bool, window: tuple[float, float] | None
) -> Curve:
    """Return the drawable points of ``series`` and the positions of the others.

    Points whose x is not finite, not in the window, or on a log axis not above 0, are dropped.
    With ``log``, the y of the drawable points are base-10 logarithms, and values <= 0 are not
    drawable.
    """
    given_xs, given_ys = np.asarray(series.xs, np.float64), np.asarray(series.ys, np.float64)
    count = min(len(given_xs), len(given_ys))
    given_xs = given_xs[:count]
    placed = np.isfinite(given_xs) & ((given_xs > 0) if log_x else True)
    if window is not None:
        placed &= (given_xs >= window[0]) & (given_xs <= window[1])
    all_xs, all_ys = given_xs[placed].clip(-LARGEST, LARGEST), given_ys[:count][placed]
    is_best = (np.arange(count) == series.best)[placed]
    if np.any(all_xs[1:] < all_xs[:-1]):
        order = np.argsort(all_xs, kind="stable")
        all_xs, all_ys, is_best = all_xs[order], all_ys[order], is_best[order]
    if log_x:
        all_xs = np.log10(all_xs)
    shown = np.isfinite(all_ys) & ((all_ys > 0) if log else True)
    ys = all_ys[shown].clip(-LARGEST, LARGEST)
    if log:
        ys = np.log10(ys)
    after_gap = np.diff(np.cumsum(~shown)[shown], prepend=0) > 0
    is_above = all_ys[~shown] == np.inf
    return Curve(
        series, all_xs, all_ys, all_xs[shown], ys, after_gap, is_best[shown], all_xs[~shown],
        is_above,
    )  # fmt: skip


def two_a_column(columns: Doubles, heights: Doubles) -> NDArray[np.intp]:
    """Return the indices of the highest and lowest point of each column, in ascending order."""
    order = np.lexsort((heights, columns))
    ordered = columns[order]
    changes = np.flatnonzero(np.diff(ordered))
    firsts = np.concatenate(([0], changes + 1))
    lasts = np.concatenate((changes, [len(order) - 1]))
    lasts = lasts[heights[order[lasts]] > heights[order[firsts]]]
    return np.unique(np.concatenate((order[firsts], order[lasts])))


def shown_value(curve: Curve, cursor: float | None) -> str:
    """Return the newest value, or with a cursor the newest up to it; ``-`` if there is none."""
    until = len(curve.all_xs)
    if cursor is not None:
        until = int(np.searchsorted(curve.all_xs, cursor, side="right"))
    return short_number(float(curve.all_ys[until - 1])) if until else "-"
