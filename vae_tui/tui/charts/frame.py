"""The coordinates of a chart: ranges, ticks and the gutter of the y axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len

from vae_tui.tui.charts.axis import (
    Doubles,
    Range,
    Tick,
    limits_worth_showing,
    linear_ticks,
    log_ticks,
    position_text,
    range_with_levels,
    rounded_range,
    short_number,
)
from vae_tui.tui.charts.canvas import ASCII, UNICODE, Glyphs
from vae_tui.tui.charts.levels import Level, level_texts
from vae_tui.tui.charts.series import Curve

NOTHING_YET = "waiting for the first loss"
NOTHING_FINITE = "no finite value"
LEAST_WIDTH = 8
"""Cells; the gutter is left out if the plot would be narrower."""

_WIDTH_WITH_X_LABEL = 30
"""From this width on, the gutter has room for the label of x."""


@dataclass(frozen=True, slots=True)
class ChartOptions:
    """How a chart is scaled and labelled."""

    log: bool = False
    """Logarithmic y axis; values <= 0 are marked like those that are not finite."""
    log_x: bool = False
    """Logarithmic x axis; points at x <= 0 are left out."""
    x_window: tuple[float, float] | None = None
    """The x to show; None for all."""
    x_label: str = "epoch"
    close_up: bool = True
    """The first eighth and far levels may be left out, for more height for the rest."""
    ascii_only: bool = False
    nothing: str = NOTHING_YET
    """What to say where no series has a value."""

    @property
    def glyphs(self) -> Glyphs:
        """The characters that the chart is made of."""
        return ASCII if self.ascii_only else UNICODE


@dataclass(frozen=True, slots=True)
class Frame:
    """Position of the plot among the cells, and its axes."""

    left: int
    """Cells of the gutter at the left; ``columns`` and ``rows`` are those of the plot."""
    columns: int
    rows: int
    x_range: Range
    y_range: Range
    """On a log axis in base-10 logarithms."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    log: bool
    log_x: bool
    """Whether positions along x are base-10 logarithms."""
    labels: tuple[str, ...]
    """Of each reference line, in the gutter at the right of the plot; empty if left out."""
    message: str
    """Written in the centre if there is nothing to draw."""

    @property
    def label_cells(self) -> int:
        """Cells that the labels of the reference lines need at the right."""
        return max(map(len, self.labels), default=0)

    def x_dots(self, xs: Doubles, pen: int = 1) -> Doubles:
        """Return braille dot columns, counted from the left of the plot: the left ones of a pen."""
        return np.rint(self.x_range.share(xs) * (2 * self.columns - pen))

    def y_dots(self, ys: Doubles, pen: int = 1) -> Doubles:
        """Return braille dot rows, counted from the top of the plot: the upper ones of a pen."""
        return np.rint((1.0 - self.y_range.share(ys)) * (4 * self.rows - pen))

    def column(self, x: float) -> int:
        """Return the cell column of ``x`` in the plot."""
        return int(self.x_dots(np.array([x]))[0]) // 2

    def row(self, y: float) -> int:
        """Return the cell row of ``y`` in the plot."""
        return int(self.y_dots(np.array([y]))[0]) // 4

    def number(self, y: float) -> str:
        """Return the value at height ``y`` in a few characters."""
        return short_number(float(np.power(10.0, y)) if self.log else y)


def frame_for(
    curves: Sequence[Curve],
    levels: Sequence[Level],
    width: int,
    height: int,
    options: ChartOptions,
    gutters: tuple[int, int] = (0, 0),
) -> Frame:
    """Return the frame for ``width`` x ``height`` cells, of which the x axis is the last row.

    ``gutters`` are the least cells to the left and to the right of the plot.
    """
    rows, log, log_x = height - 1, options.log, options.log_x
    drawn = [curve for curve in curves if len(curve.xs)]
    x_range = _x_range(curves, log_x, options.x_window)
    y_ticks: tuple[Tick, ...] = ()
    y_range, message = Range(0.0, 1.0), options.nothing
    most = max(2, rows // 3)
    if drawn:
        message = ""
        limits = [
            limits_worth_showing(curve.xs, curve.ys, close_up=options.close_up) for curve in drawn
        ]
        y_range = range_with_levels(
            min(low for low, _ in limits),
            max(high for _, high in limits),
            [level.height(log) for level in levels],
            close_up=options.close_up,
        )
        y_ticks = log_ticks(y_range, most) if log else linear_ticks(y_range, most)
    elif any(len(curve.non_finite_xs) for curve in curves):
        message = NOTHING_FINITE
    gutter = max((len(tick.label) for tick in y_ticks), default=0)
    if width >= _WIDTH_WITH_X_LABEL:
        label = cell_len(options.x_label)
        gutter = max(gutter, label if label <= 6 else 0)
    left = max(gutter + 1, gutters[0])
    left = left if width >= left + 2 * LEAST_WIDTH else 0
    labels = () if message else level_texts(levels, y_range, width - left, options.glyphs, log=log)
    columns = width - left - max(*map(len, labels), gutters[1], 0)
    x_ticks: tuple[Tick, ...] = ()
    if any(len(curve.all_xs) for curve in curves):
        ticks = log_ticks if log_x else linear_ticks
        x_ticks = ticks(x_range, min(max(2, columns // 6), 8))
        if log_x:
            x_ticks += (Tick(x_range.high, position_text(10.0**x_range.high)),)
    return Frame(
        left, columns, rows, x_range, y_range, x_ticks, y_ticks, log, log_x, labels, message
    )


def _x_range(curves: Sequence[Curve], log_x: bool, window: tuple[float, float] | None) -> Range:
    """Return ``window``, without what is not positive on a log axis; None is around the data."""
    ends = [x for curve in curves if len(curve.all_xs) for x in (curve.all_xs[0], curve.all_xs[-1])]
    first, last = (float(min(ends)), float(max(ends))) if ends else (0.0, 0.0)
    if window is not None:
        low, high = window
        if log_x:
            low, high = (math.log10(end) if end > 0 else first for end in window)
        if low < high:
            return Range(low, high)
    if first < last:
        return Range(first, last) if log_x else rounded_range(first, last)
    return Range(first, first + max(1.0, abs(first) * 0.1))
