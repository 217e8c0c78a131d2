"""A series of any numbers made safe to draw: sorted, finite, few, and where the others were."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vae_tui.tui.charts.axis import LARGEST, Floats, short_number

LEAST_APART = 3
"""Columns from one drawn point to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """What one curve shows. Any length; x and y may hold NaN and infinities."""

    xs: ArrayLike
    ys: ArrayLike
    colour: str
    """A Rich colour that 256-colour terminals have, such as ``color(39)``."""
    label: str
    """The word in the title row; an empty one keeps the series out of it."""
    kind: Literal["line", "points"] = "line"
    is_named: bool = False
    """The label is a name, which nothing else tells: it gives way last."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A series made safe: sorted by x, finite, logarithms taken."""

    colour: str
    label: str
    kind: str
    is_named: bool
    all_xs: Floats
    """Finite and sorted."""
    all_ys: Floats
    """As given: not finite ones too."""
    xs: Floats
    ys: Floats
    """What can be drawn, as logarithms on a log axis."""
    after_gap: NDArray[np.bool_]
    """Whether something that cannot be drawn lies just before the point."""
    lost_xs: Floats
    lost_above: NDArray[np.bool_]
    """Where a value cannot be drawn, and whether it is +inf."""


def safe_curve(series: Series, log: bool) -> Curve:
    """Return what can be drawn of ``series``, and where the rest lies.

    A point without a finite x lies nowhere and is left out; ``log`` also loses y <= 0.
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
    lost_above = all_ys[~shown] == np.inf
    return Curve(
        series.colour, series.label, series.kind, series.is_named, all_xs, all_ys,
        all_xs[shown], ys, after_gap, all_xs[~shown], lost_above,
    )  # fmt: skip


def two_a_column(columns: Floats, heights: Floats) -> NDArray[np.intp]:
    """Return the indices of the highest and lowest point of each column, in their own order."""
    order = np.lexsort((heights, columns))
    ordered = columns[order]
    changes = np.flatnonzero(np.diff(ordered))
    firsts = np.concatenate(([0], changes + 1))
    lasts = np.concatenate((changes, [len(order) - 1]))
    lasts = lasts[heights[order[lasts]] > heights[order[firsts]]]
    return np.unique(np.concatenate((order[firsts], order[lasts])))


def apart(columns: Floats) -> NDArray[np.bool_]:
    """Return which points to draw so that a line can be seen between them; the newest is one."""
    chosen: list[float] = []
    for column in np.unique(columns)[::-1].tolist():
        if not chosen or chosen[-1] - column >= LEAST_APART:
            chosen.append(column)
    return np.isin(columns, chosen)


def shown_value(curve: Curve, cursor: float | None) -> str:
    """Return the newest value, or the newest at the cursor; ``-`` where there is none."""
    if not len(curve.all_xs):
        return "-"
    if cursor is None:
        return short_number(float(curve.all_ys[-1]))
    until = int(np.searchsorted(curve.all_xs, cursor, side="right"))
    return short_number(float(curve.all_ys[until - 1])) if until else "-"
