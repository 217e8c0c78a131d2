"""Series of any numbers as curves that plotext can draw: sorted, finite, few points."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vae_tui.tui.charts.axis import LARGEST, Doubles, short_number

LEAST_APART = 3
"""Minimum distance of drawn points, in columns."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A series that plotext can draw."""

    series: Series
    all_xs: Doubles
    """Finite and sorted."""
    all_ys: Doubles
    """As given, also values that are not finite."""
    xs: Doubles
    ys: Doubles
    """The drawable points; on a log axis, y is the base-10 logarithm."""
    after_gap: NDArray[np.bool_]
    """Whether a value that is not drawable precedes the point."""
    non_finite_xs: Doubles
    is_above: NDArray[np.bool_]
    """Positions of values that are not drawable, and whether each is +inf."""


def safe_curve(series: Series, log: bool) -> Curve:
    """Return the drawable points of ``series`` and the positions of the others.

    Points whose x is not finite are dropped. On a log axis, y <= 0 is not drawable.
    """
    given_xs, given_ys = np.asarray(series.xs, np.float64), np.asarray(series.ys, np.float64)
    count = min(len(given_xs), len(given_ys))
    placed = np.isfinite(given_xs[:count])
    all_xs, all_ys = given_xs[:count][placed].clip(-LARGEST, LARGEST), given_ys[:count][placed]
    if np.any(all_xs[1:] < all_xs[:-1]):
        order = np.argsort(all_xs, kind="stable")
        all_xs, all_ys = all_xs[order], all_ys[order]
    shown = np.isfinite(all_ys) & ((all_ys > 0) if log else True)
    ys = all_ys[shown].clip(-LARGEST, LARGEST)
    if log:
        ys = np.log10(ys)
    after_gap = np.diff(np.cumsum(~shown)[shown], prepend=0) > 0
    is_above = all_ys[~shown] == np.inf
    return Curve(series, all_xs, all_ys, all_xs[shown], ys, after_gap, all_xs[~shown], is_above)


def two_a_column(columns: Doubles, heights: Doubles) -> NDArray[np.intp]:
    """Return the indices of the highest and lowest point of each column, in ascending order."""
    order = np.lexsort((heights, columns))
    ordered = columns[order]
    changes = np.flatnonzero(np.diff(ordered))
    firsts = np.concatenate(([0], changes + 1))
    lasts = np.concatenate((changes, [len(order) - 1]))
    lasts = lasts[heights[order[lasts]] > heights[order[firsts]]]
    return np.unique(np.concatenate((order[firsts], order[lasts])))


def apart(columns: Doubles) -> NDArray[np.bool_]:
    """Return which points to draw, the last one included, so that lines between them show."""
    chosen: list[float] = []
    for column in np.unique(columns)[::-1].tolist():
        if not chosen or chosen[-1] - column >= LEAST_APART:
            chosen.append(column)
    return np.isin(columns, chosen)


def shown_value(curve: Curve, cursor: float | None) -> str:
    """Return the newest value, or with a cursor the newest up to it; ``-`` if there is none."""
    until = len(curve.all_xs)
    if cursor is not None:
        until = int(np.searchsorted(curve.all_xs, cursor, side="right"))
    return short_number(float(curve.all_ys[until - 1])) if until else "-"
