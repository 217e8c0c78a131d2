"""A chart as rows of text: the curves are drawn by plotext, everything around them here.

Call it in the main thread only, as `plotext_curve`.
"""

import math
from collections.abc import Sequence

import numpy as np
from rich.text import Text

from vae_tui.tui.charts.axis import short_number
from vae_tui.tui.charts.canvas import ASCII, UNICODE, Canvas, narrow_text
from vae_tui.tui.charts.frame import LEAST_WIDTH, NOTHING_YET, Frame, Level, frame_for, height_of
from vae_tui.tui.charts.plotext_curve import plotext_curve
from vae_tui.tui.charts.series import Curve, Series, apart, safe_curve
from vae_tui.tui.charts.title_row import ALARM, title_row

_AXIS, _QUIET = "rule", "quiet"
_MARK, _CURSOR = "mark", "cursor"
_LEAST_HEIGHT = 3
"""Below this, or ``LEAST_WIDTH``, only the title row is drawn."""


def draw_chart(
    title: str,
    series: Sequence[Series],
    levels: Sequence[Level],
    width: int,
    height: int,
    *,
    heading_width: int | None = None,
    log: bool = False,
    x_label: str = "epoch",
    cursor: float | None = None,
    marks: Sequence[tuple[float, str]] = (),
    close_up: bool = True,
    ascii_only: bool = False,
    nothing: str = NOTHING_YET,
) -> tuple[Text, ...]:
    """Return ``height`` rows of ``width`` cells: a title with the newest values, curves, an x axis.

    Args:
        title: Name and unit, such as ``BCE nats/image``; cut to its first word where narrow.
        series: Drawn in this order, lines before points.
        heading_width: Cells of the title row, if not ``width``.
        levels: Lines if near the data, else a label with an arrow at the edge.
        log: Logarithmic y axis; values <= 0 are marked like those that are not finite.
        cursor: x of a vertical line; the title row then shows the newest values up to there.
        marks: x and label of dotted vertical lines, such as changed settings.
        close_up: The first eighth may be left out, so that the rest gets more height.
        nothing: What to say where no series has a value.
    """
    if height <= 0:
        return ()
    width = max(width, 0)
    glyphs = ASCII if ascii_only else UNICODE
    curves = [safe_curve(one, log) for one in series]
    if cursor is not None and not math.isfinite(cursor):
        cursor = None
    heading_width = width if heading_width is None else max(heading_width, 0)
    heading = title_row(title, curves, heading_width, cursor, glyphs)
    if height < _LEAST_HEIGHT or width < LEAST_WIDTH:
        return (heading, *(Text(" " * width) for _ in range(height - 1)))
    frame = frame_for(curves, levels, width, height - 1, log, x_label, nothing, close_up=close_up)
    canvas = Canvas(width, height - 1, frame.left, glyphs)
    _draw_edges(canvas, frame, x_label)
    _draw_level_lines(canvas, frame, levels)
    shown_marks = [(frame.column(x), label) for x, label in marks if x in frame.x_range]
    for column, _ in shown_marks:
        for row in range(frame.rows):
            canvas.write(row, column, glyphs.mark, _MARK)
    for curve in sorted(curves, key=lambda curve: curve.series.kind == "points"):
        _draw_curve(canvas, frame, curve)
    _draw_non_finite(canvas, frame, curves)
    _draw_cuts(canvas, frame, curves)
    _draw_level_labels(canvas, frame, levels)
    for column, label in shown_marks:
        text = narrow_text(label, glyphs)[: frame.columns]
        start = min(column + 1, frame.columns - len(text))
        canvas.place(text, _MARK, range(frame.rows), [start, max(column - len(text), 0)])
    if cursor is not None and cursor in frame.x_range and not frame.message:
        canvas.shade(frame.column(cursor), frame.rows, glyphs.cursor, _CURSOR)
    return (heading, *canvas.rows())


def _draw_edges(canvas: Canvas, frame: Frame, x_label: str) -> None:
    bottom = frame.rows
    if frame.left:
        for row in range(frame.rows):
            canvas.write(row, -1, canvas.glyphs.axis, _AXIS)
        # The upper ticks of a log axis are dense: of two in a row, the lower one is kept.
        by_row = {frame.row(tick.position): tick for tick in reversed(frame.y_ticks)}
        for row, tick in by_row.items():
            canvas.write(row, -1, canvas.glyphs.tick, _AXIS)
            canvas.write(row, -1 - len(tick.label), tick.label, _QUIET)
        canvas.write(bottom, -1, canvas.glyphs.corner, _AXIS)
    canvas.write(bottom, 0, canvas.glyphs.rule * frame.columns, _AXIS)
    free = 0
    for tick in frame.x_ticks:
        size = len(tick.label)
        start = frame.column(tick.position) - (size - 1) // 2
        start = min(max(start, 0), frame.columns - size)
        if start >= free:
            canvas.write(bottom, start, tick.label, _QUIET)
            free = start + size + 1
    x_label = narrow_text(x_label, canvas.glyphs)
    if frame.x_ticks and len(x_label) < frame.left:
        canvas.write(bottom, -1 - len(x_label), x_label, _QUIET)
    elif frame.x_ticks and free + len(x_label) < frame.columns:
        canvas.write(bottom, frame.columns - len(x_label), x_label, _QUIET)
    if frame.message and len(frame.message) <= frame.columns:
        column = (frame.columns - len(frame.message)) // 2
        canvas.write((frame.rows - 1) // 2, column, frame.message, _QUIET, reserved=True)


def _draw_level_lines(canvas: Canvas, frame: Frame, levels: Sequence[Level]) -> None:
    for level in levels:
        y = height_of(level, frame.log)
        if y in frame.y_range and not frame.message:
            dot = int(frame.y_dots(np.array([y]))[0])
            canvas.write(dot // 4, 0, canvas.glyphs.level[dot % 4] * frame.columns, level.colour)


def _draw_level_labels(canvas: Canvas, frame: Frame, levels: Sequence[Level]) -> None:
    """Write name and value of each level at the right, near its line or with an arrow to it."""
    placed = [(level, height_of(level, frame.log)) for level in levels]
    for level, y in sorted(placed, key=lambda one: one[1] not in frame.y_range):
        if math.isnan(y) or frame.message:
            continue
        text = f" {narrow_text(level.label, canvas.glyphs)} {short_number(level.y)}"
        rows = list(range(frame.rows))
        if y > frame.y_range.high:
            text, tried = f"{text} {canvas.glyphs.above}", rows[:3]
        elif y < frame.y_range.low:
            text, tried = f"{text} {canvas.glyphs.below}", rows[-3:][::-1]
        else:
            row = frame.row(y)
            tried = [near for near in (row, row - 1, row + 1, row - 2, row + 2) if near in rows]
        text = text[-frame.columns :]
        columns = range(frame.columns - len(text), -1, -1)
        canvas.place(text, level.colour, tried, columns)


def _draw_curve(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    x_dots, y_dots = frame.x_dots(curve.xs), frame.y_dots(curve.ys)
    if is_points := curve.series.kind == "points":
        kept = apart(x_dots // 2)
        x_dots, y_dots = x_dots[kept], y_dots[kept]
    for row, line in enumerate(plotext_curve(curve, x_dots, y_dots, frame.columns, frame.rows)):
        for column, character in enumerate(line):
            if character != " ":
                canvas.draw(row, column, character, curve.series.colour, keeps_dots=is_points)


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
            canvas.place(text, curve.series.colour, rows, range(column, min(column + 16, last) + 1))


def _draw_non_finite(canvas: Canvas, frame: Frame, curves: Sequence[Curve]) -> None:
    for curve in curves:
        columns = (frame.x_dots(curve.non_finite_xs) // 2).astype(int).tolist()
        for column, is_above in set(zip(columns, curve.is_above.tolist(), strict=True)):
            row = 0 if is_above else frame.rows - 1
            canvas.write(row, column, canvas.glyphs.not_finite, ALARM, reserved=True)
