"""Series and a size to text: curves drawn by plotext, everything around them by us.

The only user of plotext (6.1.0), which aborts the process on a NaN and when two threads draw: main
thread only. It gets finite dot positions inside a canvas, at most two a column, and a fresh figure
for each curve; ranges, logarithms, ticks, labels and colours are ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import plotext
from numpy.typing import ArrayLike, NDArray
from rich.cells import cell_len
from rich.text import Span, Text

from vae_tui.tui.axis import (
    LARGEST,
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

NOTHING_YET = "waiting for the first loss"
NOTHING_FINITE = "no finite value"

_AXIS, _QUIET, _TITLE, _ALARM = "color(240)", "color(246)", "bold", "bold color(203)"
_MARK, _CURSOR = "color(179)", "color(252) on color(237)"
_LEAST_WIDTH, _LEAST_HEIGHT = 8, 3
"""Below this there is a title row and nothing else."""

_WIDTH_WITH_X_LABEL = 30
"""From here on the gutter is wide enough for what x counts."""

_POINT = "•"
_BRAILLE = 0x2800
_DOT_ROWS = (0x09, 0x12, 0x24, 0xC0)
"""The two dots of each of a braille cell's four dot rows, top first."""


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


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line that gives the curves a meaning, such as the loss of a perfect model."""

    y: float
    label: str
    """A word; the value is written beside it."""
    colour: str


@dataclass(frozen=True, slots=True)
class _Glyphs:
    line: str
    points: str
    mark: str
    cursor: str
    not_finite: str
    above: str
    below: str
    tick: str
    axis: str
    corner: str
    rule: str
    level: tuple[str, str, str, str]
    """A dot at each quarter of a cell's height, top first."""
    cells: str
    """What each of the 256 braille patterns is drawn as."""


def _ascii_cell(pattern: int) -> str:
    rows = [row for row, dots in enumerate(_DOT_ROWS) if pattern & dots]
    if not rows:
        return " "
    if rows[-1] - rows[0] >= 2:
        return "|"
    return "'-_"[0 if rows[0] == 0 else 1 if rows[-1] < 3 else 2]


_UNICODE = _Glyphs(
    "──", "•", "┊", "│", "×", "↑", "↓", "┤", "│", "└", "─", ("⠁", "⠂", "⠄", "⡀"),
    "".join(chr(_BRAILLE + pattern) for pattern in range(256)),
)  # fmt: skip
_ASCII = _Glyphs(
    "--", "o", ":", "|", "x", "^", "v", "|", "|", "+", "-", (".",) * 4,
    "".join(_ascii_cell(pattern) for pattern in range(256)),
)  # fmt: skip


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
        cursor: x of a vertical line; the title row then shows the values there.
        marks: x of dotted vertical lines, where something happened.
        ascii_only: For terminals without UTF-8.
    """
    if height <= 0:
        return ()
    width = max(width, 0)
    glyphs = _ASCII if ascii_only else _UNICODE
    curves = [_curve(one, log) for one in series]
    if cursor is not None and not math.isfinite(cursor):
        cursor = None
    heading = _heading(title, curves, width, cursor, glyphs)
    if height < _LEAST_HEIGHT or width < _LEAST_WIDTH:
        return (heading, *(Text(" " * width) for _ in range(height - 1)))
    frame = _frame(curves, levels, width, height - 1, log, x_label)
    canvas = _Canvas(width, height - 1, frame.left)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """A series made safe: sorted by x, finite, logarithms taken."""

    colour: str
    label: str
    kind: str
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


def _curve(series: Series, log: bool) -> _Curve:
    given_xs, given_ys = np.asarray(series.xs, np.float64), np.asarray(series.ys, np.float64)
    count = min(len(given_xs), len(given_ys))
    placed = np.isfinite(given_xs[:count])
    all_xs, all_ys = given_xs[:count][placed].clip(-LARGEST, LARGEST), given_ys[:count][placed]
    if np.any(all_xs[1:] < all_xs[:-1]):
        order = np.argsort(all_xs, kind="stable")
        all_xs, all_ys = all_xs[order], all_ys[order]
    shown = np.isfinite(all_ys) & ((all_ys > 0) if log else True)
    ys = np.log10(all_ys[shown]) if log else all_ys[shown].clip(-LARGEST, LARGEST)
    after_gap = np.diff(np.cumsum(~shown)[shown], prepend=0) > 0
    lost_above = all_ys[~shown] == np.inf
    return _Curve(
        series.colour, series.label, series.kind, all_xs, all_ys,
        all_xs[shown], ys, after_gap, all_xs[~shown], lost_above,
    )  # fmt: skip


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
    curves: Sequence[_Curve],
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


class _Canvas:
    """Cells written over each other, then read as rows of text. Plot columns start at ``left``."""

    def __init__(self, width: int, height: int, left: int) -> None:
        self._left = left
        self._characters = [[" "] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]
        self._taken = np.zeros((height, width), dtype=bool)

    def write(self, row: int, column: int, text: str, style: str, *, takes: bool = False) -> None:
        """Write ``text`` from a plot cell on; cells that it ``takes`` are avoided by `place`."""
        start = column + self._left
        for place, character in enumerate(text, start):
            self._characters[row][place] = character
            self._styles[row][place] = style
        if takes:
            self._taken[row, start : start + len(text)] = True

    def place(self, text: str, style: str, rows: Sequence[int], columns: Sequence[int]) -> None:
        """Write ``text`` at the first of the spots that hides the least of what is taken."""
        spots = [(row, column) for row in rows for column in columns]
        hidden = [
            self._taken[row, column + self._left : column + self._left + len(text)].sum()
            for row, column in spots
        ]
        row, column = spots[int(np.argmin(hidden))]
        self.write(row, column, text, style, takes=True)

    def shade(self, column: int, rows: int, line: str, style: str) -> None:
        """Put a vertical line behind what the column holds."""
        place = column + self._left
        for row in range(rows):
            if self._characters[row][place] == " ":
                self._characters[row][place] = line
                self._styles[row][place] = style
            else:
                self._styles[row][place] += " " + style[style.index("on ") :]

    def rows(self) -> tuple[Text, ...]:
        """Return each row as text, one span a run of equal style."""
        return tuple(map(_styled_row, self._characters, self._styles))


def _styled_row(characters: list[str], styles: list[str]) -> Text:
    spans, start = [], 0
    for style, run in groupby(styles):
        end = start + sum(1 for _ in run)
        if style:
            spans.append(Span(start, end, style))
        start = end
    return Text("".join(characters), spans=spans)


def _draw_edges(canvas: _Canvas, frame: _Frame, x_label: str, glyphs: _Glyphs) -> None:
    bottom = frame.rows
    if frame.left:
        for row in range(frame.rows):
            canvas.write(row, -1, glyphs.axis, _AXIS)
        for tick in frame.y_ticks:
            row = frame.row(tick.position)
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
    x_label = _narrow(x_label, glyphs)
    if frame.x_ticks and len(x_label) < frame.left:
        canvas.write(bottom, -1 - len(x_label), x_label, _QUIET)
    elif frame.x_ticks and free + len(x_label) < frame.columns:
        canvas.write(bottom, frame.columns - len(x_label), x_label, _QUIET)
    if frame.message and len(frame.message) <= frame.columns:
        column = (frame.columns - len(frame.message)) // 2
        canvas.write((frame.rows - 1) // 2, column, frame.message, _QUIET, takes=True)


def _draw_vertical_lines(
    canvas: _Canvas, frame: _Frame, marks: Sequence[float], glyphs: _Glyphs
) -> None:
    for mark in marks:
        if mark in frame.x_range:
            for row in range(frame.rows):
                canvas.write(row, frame.column(mark), glyphs.mark, _MARK)


def _draw_cursor(canvas: _Canvas, frame: _Frame, cursor: float, glyphs: _Glyphs) -> None:
    if cursor in frame.x_range and not frame.message:
        canvas.shade(frame.column(cursor), frame.rows, glyphs.cursor, _CURSOR)


def _draw_level_lines(
    canvas: _Canvas, frame: _Frame, levels: Sequence[Level], glyphs: _Glyphs
) -> None:
    for level in levels:
        y = _height(level, frame.log)
        if y in frame.y_range and not frame.message:
            dot = int(frame.y_dots(np.array([y]))[0])
            canvas.write(dot // 4, 0, glyphs.level[dot % 4] * frame.columns, level.colour)


def _draw_level_labels(
    canvas: _Canvas, frame: _Frame, levels: Sequence[Level], glyphs: _Glyphs
) -> None:
    """Write each level's name and value at the right, near its line, or an arrow to it."""
    for level in levels:
        y = _height(level, frame.log)
        if math.isnan(y) or frame.message:
            continue
        text = f" {_narrow(level.label, glyphs)} {short_number(level.y)}"
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


def _draw_curve(canvas: _Canvas, frame: _Frame, curve: _Curve, glyphs: _Glyphs) -> None:
    for row, line in enumerate(_plot(frame, curve)):
        for column, character in enumerate(line):
            if character != " ":
                pattern = ord(character) - _BRAILLE
                drawn = glyphs.cells[pattern] if 0 <= pattern < 256 else glyphs.points
                canvas.write(row, column, drawn, curve.colour, takes=True)


def _plot(frame: _Frame, curve: _Curve) -> list[str]:
    """Return the curve alone, as plotext draws it: one string of ``frame.columns`` a row."""
    if not len(curve.xs):
        return []
    x_dots = frame.x_dots(curve.xs)
    # Far outside is as good as just outside, and plotext walks every dot of a line.
    y_dots = frame.y_dots(curve.ys).clip(-8, 4 * frame.rows + 8)
    kept = _two_a_column(x_dots // 2, y_dots)
    gaps = np.cumsum(curve.after_gap)[kept]
    is_line = curve.kind == "line" and len(kept) > 1
    plotext.terminal.limit(False, False)
    figure = type(plotext.figure)(plotext.terminal)
    figure.plot_size(frame.columns, frame.rows)
    figure.axes(False)
    figure.canvas("default")
    figure.ruler("x").lim(0, frame.columns).frequency(0).alignment("edge")
    figure.ruler("y").lim(0, frame.rows).frequency(0).alignment("edge")
    signal = figure.signal(
        ((x_dots[kept] + 0.5) / 2).tolist(),
        (frame.rows - (y_dots[kept] + 0.5) / 4).tolist(),
        marker="braille" if is_line else _POINT,
    )
    if is_line:
        signal.lines()
        for index in np.flatnonzero(np.diff(gaps)).tolist():
            signal.line(index + 1, False)
    figure.draw(signal)
    drawn: str = figure.build().string(colorless=True)
    return drawn.split("\n")[: frame.rows]


def _two_a_column(columns: Floats, heights: Floats) -> NDArray[np.intp]:
    """Return the indices of the highest and lowest point of each column, in their own order."""
    order = np.lexsort((heights, columns))
    ordered = columns[order]
    changes = np.flatnonzero(np.diff(ordered))
    firsts = np.concatenate(([0], changes + 1))
    lasts = np.concatenate((changes, [len(order) - 1]))
    return np.unique(np.concatenate((order[firsts], order[lasts])))


def _draw_cuts(canvas: _Canvas, frame: _Frame, curves: Sequence[_Curve], glyphs: _Glyphs) -> None:
    """Where a curve leaves the range, say how far it goes."""
    for curve in curves:
        if not len(curve.ys):
            continue
        sides = (
            (int(curve.ys.argmax()), frame.y_range.high, 0, glyphs.above),
            (int(curve.ys.argmin()), frame.y_range.low, frame.rows - 1, glyphs.below),
        )
        for index, end, row, arrow in sides:
            y = float(curve.ys[index])
            beyond = y > end if row == 0 else y < end
            if beyond:
                text = f"{arrow}{frame.number(y)}"[: frame.columns]
                column = frame.column(float(curve.xs[index]))
                last = frame.columns - len(text)
                tried = range(min(column, last), min(column + 8, last) + 1)
                canvas.place(text, curve.colour, [row], tried)


def _draw_lost(canvas: _Canvas, frame: _Frame, curves: Sequence[_Curve], glyphs: _Glyphs) -> None:
    for curve in curves:
        columns = (frame.x_dots(curve.lost_xs) // 2).astype(int).tolist()
        for column, is_above in zip(columns, curve.lost_above.tolist(), strict=True):
            row = 0 if is_above else frame.rows - 1
            canvas.write(row, column, glyphs.not_finite, _ALARM, takes=True)


def _heading(
    title: str, curves: Sequence[_Curve], width: int, cursor: float | None, glyphs: _Glyphs
) -> Text:
    """Return the title, each labelled series' glyph, label and value: as much as fits ``width``."""
    title = _narrow(title, glyphs)
    word = title.split(" ")[0]
    place = "" if cursor is None else f" @{short_number(cursor)}"
    legend = []
    for curve in curves:
        if curve.label:
            glyph = glyphs.line if curve.kind == "line" else glyphs.points
            value = _value(curve, cursor)
            legend.append((glyph, _narrow(curve.label, glyphs), value, curve.colour))
    for name, with_labels, gap in (
        (title + place, True, "  "),
        (title + place, True, " "),
        (word + place, True, "  "),
        (word + place, True, " "),
        (word + place, False, " "),
        (word, False, " "),
        ("", False, " "),
    ):
        heading = Text(name, spans=[Span(0, len(name), _TITLE)])
        for glyph, label, value, colour in legend:
            words = (glyph, label, value) if with_labels else (glyph[:1], value)
            heading.append(gap if heading else "").append(words[0], colour)
            heading.append(" " + " ".join(words[1:]), _ALARM if "n" in value else "")
        if len(heading) <= width:
            break
    heading.truncate(width, overflow="crop", pad=True)
    return heading


def _value(curve: _Curve, cursor: float | None) -> str:
    """Return the newest value, or the nearest one to the cursor; ``-`` where there is none."""
    if not len(curve.all_xs):
        return "-"
    if cursor is None:
        return short_number(float(curve.all_ys[-1]))
    index = int(np.abs(curve.all_xs - cursor).argmin())
    return short_number(float(curve.all_ys[index]))


def _narrow(text: str, glyphs: _Glyphs) -> str:
    """Return ``text`` with one cell a character, in ASCII if the glyphs are."""
    if text.isascii() and text.isprintable():
        return text
    one_cell = (c if cell_len(c) == 1 and c.isprintable() else "?" for c in text)
    narrow = "".join(one_cell)
    return narrow.encode("ascii", "replace").decode() if glyphs is _ASCII else narrow
