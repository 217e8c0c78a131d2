"""Series and a size to text: curves drawn by plotext, everything around them by us.

Main thread only, as `plotted` is. Ranges, logarithms, ticks, labels and colours are ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.text import Span, Text

from vae_tui.tui.axis import (
    Floats,
    Range,
    Tick,
    limits_worth_showing,
    linear_ticks,
    log_ticks,
    range_with_levels,
    rounded_range,
    short_number,
)
from vae_tui.tui.canvas import ASCII, UNICODE, Canvas, Glyphs, narrow_text
from vae_tui.tui.plotted import plotted
from vae_tui.tui.series import Curve, Series, safe_curve, shown_value

__all__ = ["Level", "Series", "draw_chart"]

NOTHING_YET = "waiting for the first loss"
NOTHING_FINITE = "no finite value"

_AXIS, _QUIET, _TITLE, _ALARM = "color(240)", "color(246)", "bold", "bold color(203)"
_MARK, _CURSOR = "color(179)", "color(252) on color(237)"
_LEAST_WIDTH, _LEAST_HEIGHT = 8, 3
"""Below this there is a title row and nothing else."""

_WIDTH_WITH_X_LABEL = 30
"""From here on the gutter is wide enough for what x counts."""

_ALL, _NAMES, _NONE = range(3)
"""Which labels of the title row stand where it is narrow."""

_NOT_FINITE = ("nan", "inf", "-inf")
_BRAILLE = 0x2800


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line that gives the curves a meaning, such as the loss of a perfect model."""

    y: float
    label: str
    """A word; the value is written beside it."""
    colour: str


def draw_chart(
    title: str,
    series: Sequence[Series],
    levels: Sequence[Level],
    width: int,
    height: int,
    *,
    log: bool = False,
    x_label: str = "epoch",
    cursor: float | None = None,
    marks: Sequence[float] = (),
    ascii_only: bool = False,
) -> tuple[Text, ...]:
    """Return ``height`` rows of ``width`` cells: a title with the newest values, curves, an x axis.

    Args:
        title: What is drawn and its unit, such as ``BCE nats/image``; its first word where narrow.
        series: Drawn in this order, lines before points.
        levels: Drawn where near the data; others become a label with an arrow at the edge.
        width: Cells.
        height: Rows.
        log: Logarithmic y axis; values <= 0 are marked as not finite ones are.
        x_label: What x counts.
        cursor: x of a vertical line; the title row then shows the newest values up to there.
        marks: x of dotted vertical lines, where something happened.
        ascii_only: For terminals without UTF-8.
    """
    if height <= 0:
        return ()
    width = max(width, 0)
    glyphs = ASCII if ascii_only else UNICODE
    curves = [safe_curve(one, log) for one in series]
    if cursor is not None and not math.isfinite(cursor):
        cursor = None
    heading = _heading(title, curves, width, cursor, glyphs)
    if height < _LEAST_HEIGHT or width < _LEAST_WIDTH:
        return (heading, *(Text(" " * width) for _ in range(height - 1)))
    frame = _frame(curves, levels, width, height - 1, log, x_label)
    canvas = Canvas(width, height - 1, frame.left)
    _draw_edges(canvas, frame, x_label, glyphs)
    _draw_level_lines(canvas, frame, levels, glyphs)
    _draw_vertical_lines(canvas, frame, marks, glyphs)
    for curve in sorted(curves, key=lambda curve: curve.kind == "points"):
        _draw_curve(canvas, frame, curve, glyphs)
    _draw_lost(canvas, frame, curves, glyphs)
    _draw_cuts(canvas, frame, curves, glyphs)
    _draw_level_labels(canvas, frame, levels, glyphs)
    if cursor is not None:
        _draw_cursor(canvas, frame, cursor, glyphs)
    return (heading, *canvas.rows())


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the plot lies among the cells, and what its edges say."""

    left: int
    columns: int
    rows: int
    x_range: Range
    y_range: Range
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    log: bool
    message: str
    """Written in the middle when there is nothing to draw."""

    def x_dots(self, xs: Floats) -> Floats:
        """Return braille dot columns, counted from the left of the plot."""
        return np.rint(self.x_range.share(xs) * (2 * self.columns - 1))

    def y_dots(self, ys: Floats) -> Floats:
        """Return braille dot rows, counted from the top of the plot."""
        return np.rint((1.0 - self.y_range.share(ys)) * (4 * self.rows - 1))

    def column(self, x: float) -> int:
        """Return the cell column of ``x`` in the plot."""
        return int(self.x_dots(np.array([x]))[0]) // 2

    def row(self, y: float) -> int:
        """Return the cell row of ``y`` in the plot."""
        return int(self.y_dots(np.array([y]))[0]) // 4

    def number(self, y: float) -> str:
        """Return the value at height ``y`` in a few characters."""
        return short_number(float(np.power(10.0, y)) if self.log else y)


def _frame(
    curves: Sequence[Curve],
    levels: Sequence[Level],
    width: int,
    height: int,
    log: bool,
    x_label: str,
) -> _Frame:
    rows = height - 1
    drawn = [curve for curve in curves if len(curve.xs)]
    y_ticks: tuple[Tick, ...] = ()
    y_range, message = Range(0.0, 1.0), NOTHING_YET
    most = max(2, rows // 3)
    if drawn:
        message = ""
        limits = [limits_worth_showing(curve.xs, curve.ys) for curve in drawn]
        y_range = range_with_levels(
            min(low for low, _ in limits),
            max(high for _, high in limits),
            [_height(level, log) for level in levels],
        )
        y_ticks = log_ticks(y_range, most) if log else linear_ticks(y_range, most)
    elif any(len(curve.lost_xs) for curve in curves):
        message = NOTHING_FINITE
    gutter = max((len(tick.label) for tick in y_ticks), default=0)
    if width >= _WIDTH_WITH_X_LABEL:
        gutter = max(gutter, cell_len(x_label) if cell_len(x_label) <= 6 else 0)
    left = gutter + 1 if width >= gutter + 1 + 2 * _LEAST_WIDTH else 0
    ends = [x for curve in curves if len(curve.all_xs) for x in (curve.all_xs[0], curve.all_xs[-1])]
    x_range = _x_range(float(min(ends)), float(max(ends))) if ends else Range(0.0, 1.0)
    x_ticks = linear_ticks(x_range, min(max(2, (width - left) // 6), 8)) if ends else ()
    return _Frame(left, width - left, rows, x_range, y_range, x_ticks, y_ticks, log, message)


def _x_range(low: float, high: float) -> Range:
    if low == high:
        return Range(low, low + max(1.0, abs(low) * 0.1))
    return rounded_range(low, high)


def _height(level: Level, log: bool) -> float:
    """Return where a level lies on the y axis; a level no axis has is NaN or -inf."""
    if not log:
        return level.y
    return math.log10(level.y) if level.y > 0 else -math.inf


def _draw_edges(canvas: Canvas, frame: _Frame, x_label: str, glyphs: Glyphs) -> None:
    bottom = frame.rows
    if frame.left:
        for row in range(frame.rows):
            canvas.write(row, -1, glyphs.axis, _AXIS)
        # On a log axis the upper ticks crowd: where two share a row, the lower one stays.
        by_row = {frame.row(tick.position): tick for tick in reversed(frame.y_ticks)}
        for row, tick in by_row.items():
            canvas.write(row, -1, glyphs.tick, _AXIS)
            canvas.write(row, -1 - len(tick.label), tick.label, _QUIET)
        canvas.write(bottom, -1, glyphs.corner, _AXIS)
    canvas.write(bottom, 0, glyphs.rule * frame.columns, _AXIS)
    free = 0
    for tick in frame.x_ticks:
        size = len(tick.label)
        start = frame.column(tick.position) - (size - 1) // 2
        start = min(max(start, 0), frame.columns - size)
        if start >= free:
            canvas.write(bottom, start, tick.label, _QUIET)
            free = start + size + 1
    x_label = narrow_text(x_label, glyphs)
    if frame.x_ticks and len(x_label) < frame.left:
        canvas.write(bottom, -1 - len(x_label), x_label, _QUIET)
    elif frame.x_ticks and free + len(x_label) < frame.columns:
        canvas.write(bottom, frame.columns - len(x_label), x_label, _QUIET)
    if frame.message and len(frame.message) <= frame.columns:
        column = (frame.columns - len(frame.message)) // 2
        canvas.write((frame.rows - 1) // 2, column, frame.message, _QUIET, takes=True)


def _draw_vertical_lines(
    canvas: Canvas, frame: _Frame, marks: Sequence[float], glyphs: Glyphs
) -> None:
    for mark in marks:
        if mark in frame.x_range:
            for row in range(frame.rows):
                canvas.write(row, frame.column(mark), glyphs.mark, _MARK)


def _draw_cursor(canvas: Canvas, frame: _Frame, cursor: float, glyphs: Glyphs) -> None:
    if cursor in frame.x_range and not frame.message:
        canvas.shade(frame.column(cursor), frame.rows, glyphs.cursor, _CURSOR)


def _draw_level_lines(
    canvas: Canvas, frame: _Frame, levels: Sequence[Level], glyphs: Glyphs
) -> None:
    for level in levels:
        y = _height(level, frame.log)
        if y in frame.y_range and not frame.message:
            dot = int(frame.y_dots(np.array([y]))[0])
            canvas.write(dot // 4, 0, glyphs.level[dot % 4] * frame.columns, level.colour)


def _draw_level_labels(
    canvas: Canvas, frame: _Frame, levels: Sequence[Level], glyphs: Glyphs
) -> None:
    """Write each level's name and value at the right, near its line, or an arrow to it."""
    heights = [_height(level, frame.log) for level in levels]
    inside_first = sorted(range(len(levels)), key=lambda index: heights[index] not in frame.y_range)
    for index in inside_first:
        level, y = levels[index], heights[index]
        if math.isnan(y) or frame.message:
            continue
        text = f" {narrow_text(level.label, glyphs)} {short_number(level.y)}"
        rows = list(range(frame.rows))
        if y > frame.y_range.high:
            text, tried = f"{text} {glyphs.above}", rows[:3]
        elif y < frame.y_range.low:
            text, tried = f"{text} {glyphs.below}", rows[-3:][::-1]
        else:
            row = frame.row(y)
            tried = [near for near in (row, row - 1, row + 1, row - 2, row + 2) if near in rows]
        text = text[-frame.columns :]
        columns = range(frame.columns - len(text), -1, -1)
        canvas.place(text, level.colour, tried, columns)


def _draw_curve(canvas: Canvas, frame: _Frame, curve: Curve, glyphs: Glyphs) -> None:
    x_dots, y_dots = frame.x_dots(curve.xs), frame.y_dots(curve.ys)
    for row, line in enumerate(plotted(curve, x_dots, y_dots, frame.columns, frame.rows)):
        for column, character in enumerate(line):
            if character != " ":
                pattern = ord(character) - _BRAILLE
                drawn = glyphs.cells[pattern] if 0 <= pattern < 256 else glyphs.points
                canvas.write(row, column, drawn, curve.colour, takes=True)


def _draw_cuts(canvas: Canvas, frame: _Frame, curves: Sequence[Curve], glyphs: Glyphs) -> None:
    """Where a curve leaves the range, say how far it goes; a nameless one only if no other does."""
    for sign, arrow, end, rows in (
        (1.0, glyphs.above, frame.y_range.high, range(frame.rows)[:2]),
        (-1.0, glyphs.below, frame.y_range.low, range(frame.rows)[:-3:-1]),
    ):
        cut = []
        for curve in curves:
            farthest = int(np.argmax(sign * curve.ys)) if len(curve.ys) else 0
            if len(curve.ys) and sign * (curve.ys[farthest] - end) > 0:
                cut.append((curve, farthest))
        named = [(curve, farthest) for curve, farthest in cut if curve.label]
        for curve, farthest in named or cut:
            text = f"{arrow}{frame.number(float(curve.ys[farthest]))}"[: frame.columns]
            last = frame.columns - len(text)
            column = min(frame.column(float(curve.xs[farthest])), last)
            canvas.place(text, curve.colour, rows, range(column, min(column + 16, last) + 1))


def _draw_lost(canvas: Canvas, frame: _Frame, curves: Sequence[Curve], glyphs: Glyphs) -> None:
    for curve in curves:
        columns = (frame.x_dots(curve.lost_xs) // 2).astype(int).tolist()
        for column, is_above in set(zip(columns, curve.lost_above.tolist(), strict=True)):
            row = 0 if is_above else frame.rows - 1
            canvas.write(row, column, glyphs.not_finite, _ALARM, takes=True)


def _heading(
    title: str, curves: Sequence[Curve], width: int, cursor: float | None, glyphs: Glyphs
) -> Text:
    """Return the title, each labelled series' glyph, label and value: as much as fits ``width``."""
    title = narrow_text(title, glyphs)
    word = title.split(" ")[0]
    place = "" if cursor is None else f" @{short_number(cursor)}"
    legend = []
    for curve in sorted(curves, key=lambda curve: curve.is_named):
        if curve.label:
            glyph = glyphs.line if curve.kind == "line" else glyphs.points
            value = shown_value(curve, cursor)
            label = narrow_text(curve.label, glyphs)
            legend.append((glyph, label, value, curve.colour, curve.is_named))
    for name, labels, gap in (
        (title + place, _ALL, "  "),
        (title + place, _ALL, " "),
        (word + place, _ALL, "  "),
        (word + place, _ALL, " "),
        (word + place, _NAMES, " "),
        (word + place, _NONE, " "),
        (word, _NONE, " "),
        ("", _NONE, " "),
    ):
        heading = Text(name, spans=[Span(0, len(name), _TITLE)])
        for glyph, label, value, colour, is_named in legend:
            has_label = labels == _ALL or (labels == _NAMES and is_named)
            words = (glyph, label, value) if has_label else (glyph[:1], value)
            heading.append(gap if heading else "").append(words[0], colour)
            heading.append(" " + " ".join(words[1:]), _ALARM if value in _NOT_FINITE else "")
        if len(heading) <= width:
            break
    heading.truncate(width, overflow="crop", pad=True)
    return heading
