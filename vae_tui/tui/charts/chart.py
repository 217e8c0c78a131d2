"""A chart as rows of text: the curves are drawn by plotext, everything around them here.

Call it in the main thread only, as `plotext_curve`.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from rich.text import Text

from vae_tui.tui.charts.canvas import Canvas, narrow_text
from vae_tui.tui.charts.edges import CURSOR, draw_edges
from vae_tui.tui.charts.frame import LEAST_WIDTH, ChartOptions, Frame, frame_for
from vae_tui.tui.charts.ground import draw_ground
from vae_tui.tui.charts.levels import Level
from vae_tui.tui.charts.plotext_curve import plotext_curve
from vae_tui.tui.charts.points import draw_points
from vae_tui.tui.charts.series import Curve, Series, safe_curve
from vae_tui.tui.charts.title_row import ALARM, title_row

_DEFAULTS = ChartOptions()
_MARK = "mark"
_LEAST_HEIGHT = 3
"""Below this, or ``LEAST_WIDTH``, only the title row is drawn."""


def draw_chart(
    title: str,
    series: Sequence[Series],
    levels: Sequence[Level],
    width: int,
    height: int,
    options: ChartOptions = _DEFAULTS,
    *,
    heading_width: int | None = None,
    cursor: float | None = None,
    marks: Sequence[tuple[float, str]] = (),
    gutters: tuple[int, int] = (0, 0),
) -> tuple[Text, ...]:
    """Return ``height`` rows of ``width`` cells: a title with the newest values, curves, an x axis.

    Args:
        title: Name and unit, such as ``BCE nats/image``; cut to its first word where narrow.
        series: Drawn in this order, lines before points.
        levels: Lines with labels, the most important one first; in a close-up those near the data.
        heading_width: Cells of the title row, if not ``width``.
        cursor: x of a vertical line; the title row then shows the newest values up to there.
        marks: x and label of dotted vertical lines, such as changed settings.
        gutters: Least cells to the left and to the right of the plot, as of `gutters_of`.
    """
    if height <= 0:
        return ()
    width = max(width, 0)
    glyphs, log_x = options.glyphs, options.log_x
    curves = _curves(series, options)
    heading_width = width if heading_width is None else max(heading_width, 0)
    cursor_at = math.nan if cursor is None else _place(cursor, log_x)
    title_cursor = None if math.isnan(cursor_at) else cursor_at
    heading = title_row(title, curves, heading_width, title_cursor, glyphs)
    if height < _LEAST_HEIGHT or width < LEAST_WIDTH:
        return (heading, *(Text(" " * width) for _ in range(height - 1)))
    frame = frame_for(curves, levels, width, height - 1, options, gutters)
    canvas = Canvas(width, height - 1, frame.left, glyphs)
    has_cursor = cursor is not None and cursor_at in frame.x_range and not frame.message
    draw_edges(canvas, frame, options.x_label, cursor_at if has_cursor else None)
    _draw_level_lines(canvas, frame, levels)
    placed = [(_place(x, log_x), label) for x, label in marks]
    shown_marks = [(frame.column(x), label) for x, label in placed if x in frame.x_range]
    for column, _ in shown_marks:
        for row in range(frame.rows):
            canvas.write(row, column, glyphs.mark, _MARK)
    for curve in curves:
        if curve.series.kind == "line":
            _draw_line(canvas, frame, curve)
    for curve in curves:
        if curve.series.kind == "points":
            draw_points(canvas, frame, curve)
    _draw_non_finite(canvas, frame, curves)
    _draw_cuts(canvas, frame, curves)
    _draw_level_labels(canvas, frame, levels)
    for column, label in shown_marks:
        text = narrow_text(label, glyphs)[: frame.columns]
        start = min(column + 1, frame.columns - len(text))
        # Below the label of an earlier mark rather than on its other side: in their order.
        sides = start, max(column - len(text), 0)
        canvas.place(text, _MARK, [(row, side) for side in sides for row in range(frame.rows)])
    if has_cursor:
        canvas.shade(frame.column(cursor_at), frame.rows, glyphs.cursor, CURSOR)
    return (heading, *canvas.rows())


def gutters_of(
    series: Sequence[Series],
    levels: Sequence[Level],
    width: int,
    height: int,
    options: ChartOptions,
) -> tuple[int, int]:
    """Return the cells that a chart needs to the left and to the right of its plot.

    ``height`` is without the title row.
    """
    if height < _LEAST_HEIGHT - 1 or width < LEAST_WIDTH:
        return 0, 0
    frame = frame_for(_curves(series, options), levels, width, height, options)
    return frame.left, frame.label_cells


def _curves(series: Sequence[Series], options: ChartOptions) -> list[Curve]:
    log, log_x, window = options.log, options.log_x, options.x_window
    return [safe_curve(one, log=log, log_x=log_x, window=window) for one in series]


def _draw_level_lines(canvas: Canvas, frame: Frame, levels: Sequence[Level]) -> None:
    for level in levels:
        y = level.height(frame.log)
        if y in frame.y_range and not frame.message:
            dot = int(frame.y_dots(np.array([y]))[0])
            canvas.write(dot // 4, 0, canvas.glyphs.level[dot % 4] * frame.columns, level.colour)


def _draw_level_labels(canvas: Canvas, frame: Frame, levels: Sequence[Level]) -> None:
    """Write the labels into the gutter, each in the row of its line or in one beside it."""
    free = set(range(frame.rows))
    for level, text in zip(levels, frame.labels, strict=False):
        if text:
            row = frame.row(level.height(frame.log))
            near = [one for one in (row, row - 1, row + 1) if one in free]
            if near:
                free.discard(near[0])
                canvas.write(near[0], frame.columns, text, level.colour)


def _draw_line(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    pen = canvas.glyphs.pen if curve.series.is_trend else 1
    x_dots, y_dots = frame.x_dots(curve.xs, pen), frame.y_dots(curve.ys, pen)
    lines = plotext_curve(curve, x_dots, y_dots, frame.columns, frame.rows, pen)
    if curve.series.is_trend:
        draw_ground(canvas, frame, curve)
    for row, line in enumerate(lines):
        if not line.isspace():
            canvas.draw(row, line, curve.series.colour, is_shared=curve.series.is_named)


def _draw_cuts(canvas: Canvas, frame: Frame, curves: Sequence[Curve]) -> None:
    """Write the extreme value of curves cut by the range; of unlabelled ones only if alone."""
    for sign, arrow, end, rows in (
        (1.0, canvas.glyphs.above, frame.y_range.high, range(frame.rows)[:2]),
        (-1.0, canvas.glyphs.below, frame.y_range.low, range(frame.rows)[:-3:-1]),
    ):
        farthest_points = [(one, int(np.argmax(sign * one.ys))) for one in curves if len(one.ys)]
        cut = [(one, at) for one, at in farthest_points if sign * (one.ys[at] - end) > 0]
        named = [(curve, farthest) for curve, farthest in cut if curve.series.label]
        for curve, farthest in named or cut:
            text = f"{arrow}{frame.number(float(curve.ys[farthest]))}"[: frame.columns]
            last = frame.columns - len(text)
            column = min(frame.column(float(curve.xs[farthest])), last)
            columns = range(column, min(column + 16, last) + 1)
            canvas.place(text, curve.series.colour, list(product(rows, columns)))


def _draw_non_finite(canvas: Canvas, frame: Frame, curves: Sequence[Curve]) -> None:
    for curve in curves:
        columns = (frame.x_dots(curve.non_finite_xs) // 2).astype(int).tolist()
        for column, is_above in set(zip(columns, curve.is_above.tolist(), strict=True)):
            row = 0 if is_above else frame.rows - 1
            canvas.write(row, column, canvas.glyphs.not_finite, ALARM, reserved=True)


def _place(x: float, log_x: bool) -> float:
    """Return the position of ``x`` on the axis."""
    if not log_x:
        return x
    return math.log10(x) if x > 0 else -math.inf
