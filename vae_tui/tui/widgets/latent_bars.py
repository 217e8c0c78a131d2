"""The numbers of one code as bars on a scale, one row a dimension; the mouse sets and chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from rich.text import Text
from textual.events import (
    MouseDown,
    MouseEvent,
    MouseMove,
    MouseScrollDown,
    MouseScrollUp,
    MouseUp,
)
from textual.message import Message
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.tui.widgets.drawing import Drawing

REACH = 3.0
"""A bar of full length; longer ones are cut. Nearly all of N(0, 1) lies within."""
LEAST_CELLS = 22
"""Width of a column of bars, at least."""
NUMBER_CELLS = 34
"""Width from which a column has the standard deviation of each dimension, or its KL."""
NAME, VALUE, DEVIATION, KL = 5, 6, 6, 6
"""Cells of the parts of a row beside the bar."""
LEAST_SCALED = 3
"""A shorter half of a bar has no scale."""
EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Bars:
    """The numbers of one code."""

    values: Sequence[float] = ()
    order: Sequence[int] = ()
    """The dimensions from top to bottom: by KL, largest first."""
    kl: Sequence[float] = ()
    """Nats of each dimension; empty before the first test."""
    chosen: int = -1
    """The dimension the cursor is on; -1 for none."""
    unicode: bool = True
    deviations: Sequence[float] = ()
    """Standard deviations of q(z|x) around the values, if the code is its mean."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the rows are: in columns, below a scale if all bars fit with it."""

    columns: int
    width: int
    """Cells of a column, with a space at its end."""
    height: int
    """Bars in a column, at most."""
    spacing: int
    """Rows from one bar to the next."""
    scale: int
    """Rows of the scale, 0 or 1."""
    first: int
    """Place in the order of the first bar that is shown."""
    most_turned: int
    """Columns of bars that do not fit."""
    half: int
    """Cells of a bar of full length."""
    has_deviation: bool
    """As a number; a line beside the bar is always drawn."""
    has_kl: bool

    @property
    def zero(self) -> int:
        """Column of the axis."""
        return NAME + self.half


class LatentBars(Drawing):
    """Draws ``bars`` in as few columns as show all; scrolls to the cursor, or by `turn`."""

    bars: var[Bars] = var(Bars())
    watch_bars = Drawing.redraw
    turned: var[int] = var(0)
    """Columns of bars scrolled out of sight, where no dimension is chosen."""
    watch_turned = Drawing.redraw
    hint: var[str] = var("")
    """What is said beside which bars are shown, where not all fit."""
    watch_hint = Drawing.redraw

    _held = -1
    """The dimension whose bar the mouse holds; -1 for none."""

    @dataclass
    class Pressed(Message):
        """The mouse chose a dimension, and if it was on its bar, a value."""

        dimension: int
        value: float | None

    def on_mouse_down(self, event: MouseDown) -> None:
        """Choose the dimension of this row, and set it if the mouse is on its bar."""
        if (dimension := self._dimension_at(event)) is None:
            return
        value = self._value_at(event, limited=False)
        if value is not None:
            self._held = dimension
            self.capture_mouse()
        self.post_message(self.Pressed(dimension, value))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Let the bar follow the mouse that holds it."""
        if self._held >= 0 and self._held < len(self.bars.values):
            self.post_message(self.Pressed(self._held, self._value_at(event, limited=True)))

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let the bar go."""
        self._held = -1
        self.release_mouse()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Show the next bars."""
        event.stop()
        self.turn(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Show the bars before."""
        event.stop()
        self.turn(-1)

    def turn(self, columns: int) -> None:
        """Show the bars so many columns further, or before, if not all fit and none is chosen."""
        if (layout := self._layout()) is not None and self.bars.chosen < 0:
            self.turned = min(max(layout.first // layout.height + columns, 0), layout.most_turned)

    @property
    def can_turn(self) -> bool:
        """Whether there are bars out of sight that `turn` shows."""
        layout = self._layout()
        return layout is not None and self.bars.chosen < 0 and layout.most_turned > 0

    def _layout(self) -> _Layout | None:
        count, (width, height) = len(self.bars.order), self.size
        if not count or width < LEAST_CELLS or height < 1:
            return None
        columns = max(1, min(width // LEAST_CELLS, -(-count // height)))
        rows = -(-count // columns)
        has_note = rows > height
        scale = int(rows < height)
        spacing = 2 if 2 * rows - 1 + scale <= height else 1
        rows = max(min(rows, height - scale - has_note), 1)
        cells = width // columns
        has_deviation = bool(self.bars.deviations) and cells >= NUMBER_CELLS
        has_kl = bool(self.bars.kl) and cells >= NUMBER_CELLS + DEVIATION * has_deviation
        numbers = VALUE + DEVIATION * has_deviation + KL * has_kl
        half = max((cells - int(columns > 1) - NAME - numbers - 1) // 2, 1)
        most_turned = max(-(-count // rows) - columns, 0)
        first = min(self.turned, most_turned) * rows
        if self.bars.chosen >= 0:
            first = first_shown(self.bars.order, self.bars.chosen, columns, rows)
        return _Layout(
            *(columns, cells, rows, spacing, scale, first, most_turned, half),
            has_deviation=has_deviation,
            has_kl=has_kl,
        )

    def _dimension_at(self, event: MouseEvent) -> int | None:
        layout = self._layout()
        if layout is None or event.y < layout.scale:
            return None
        row, column = (event.y - layout.scale) // layout.spacing, event.x // layout.width
        place = layout.first + column * layout.height + row
        is_bar = row < layout.height and column < layout.columns and place < len(self.bars.order)
        return self.bars.order[place] if is_bar else None

    def _value_at(self, event: MouseEvent, *, limited: bool) -> float | None:
        """Return the value under the mouse; beside the bars None, or when ``limited`` the end."""
        if (layout := self._layout()) is None:
            return None
        cells = event.x - layout.zero
        if self._held >= 0:  # the mouse may have left the column of the bar
            place = list(self.bars.order).index(self._held) - layout.first
            cells -= place // layout.height * layout.width
        else:
            cells = event.x % layout.width - layout.zero
        if limited:
            cells = min(max(cells, -layout.half), layout.half)
        return cells / layout.half * REACH if abs(cells) <= layout.half else None

    def _draw(self) -> None:
        if (layout := self._layout()) is None:
            self.show_text([])
            return
        lines = [Text(no_wrap=True) for _ in range(layout.scale + layout.spacing * layout.height)]
        shown = self.bars.order[layout.first : layout.first + layout.columns * layout.height]
        for place, dimension in enumerate(shown):
            column, row = divmod(place, layout.height)
            if layout.scale and row == 0:
                lines[0].append_text(_padded(_scale(self.bars, layout), layout, column))
            line = lines[layout.scale + row * layout.spacing]
            line.append_text(_padded(_row(self.bars, dimension, layout), layout, column))
        if len(shown) == len(self.bars.order):
            while not lines[-1]:
                lines.pop()
        elif len(lines) < self.size.height:
            note = f" {shown_of(layout.first, len(shown), self.bars.order)}{self.hint}"
            lines.append(Text.assemble((note, "quiet")))
        self.show_text(lines)


def first_shown(order: Sequence[int], chosen: int, columns: int, rows: int) -> int:
    """Return the first place to show, so that ``chosen`` is in one of the columns of ``rows``."""
    place = list(order).index(chosen) if chosen in order else 0
    return max(0, place // rows - columns + 1) * rows


def shown_of(first: int, count: int, order: Sequence[int]) -> str:
    """Return ``1 to 18 of 64``: which places of the order are shown."""
    return f"{first + 1} to {first + count} of {len(order)}"


def _padded(part: Text, layout: _Layout, column: int) -> Text:
    """Return the part filled to the column's width, unless it is the last column."""
    if column < layout.columns - 1:
        part.pad_right(layout.width - part.cell_len)
    return part


def _scale(bars: Bars, layout: _Layout) -> Text:
    """Return ``-3 --- 0 --- 3`` over the bars and the names of the numbers beside them."""
    line = "─" if bars.unicode else "-"
    text = Text(" " * NAME, no_wrap=True)
    if layout.half > LEAST_SCALED:
        low, high = f"{-REACH:g} ", f" {REACH:g}"
        text.append(low, "quiet").append(line * (layout.half - 1 - len(low)), "rule")
        text.append(" 0 ", "quiet").append(line * (layout.half - 1 - len(high)), "rule")
        text.append(high, "quiet")
    else:
        text.append(" " * (2 * layout.half + 1))
    names = "mean" if bars.deviations else "z"
    text.append(names.rjust(VALUE), "quiet")
    if layout.has_deviation:
        text.append("sd".rjust(DEVIATION), "quiet")
    if layout.has_kl:
        text.append("KL".rjust(KL), "quiet")
    return text


def _row(bars: Bars, dimension: int, layout: _Layout) -> Text:
    """Return ``>z12 ▐█▌│  +1.25  1.40``: cursor and name, bar, value, KL."""
    is_chosen = dimension == bars.chosen
    is_dead = bool(bars.kl) and bars.kl[dimension] < DEAD_KL
    role = "here" if is_chosen else "dead" if is_dead else ""
    line = Text(no_wrap=True)
    line.append(f"{'>' if is_chosen else ' '}z{dimension + 1:<{NAME - 2}}", role)
    line.append_text(_bar(bars, dimension, layout.half, role or "train"))
    line.append(f"{bars.values[dimension]:+z{VALUE}.2f}", role)
    if layout.has_deviation:
        sign = "±" if bars.unicode else " "
        line.append(f" {sign}{bars.deviations[dimension]:4.2f}"[:DEVIATION], role or "quiet")
    if layout.has_kl:
        line.append(f"{bars.kl[dimension]:{KL}.2f}", role or "quiet")
    return line


def _bar(bars: Bars, dimension: int, half: int, role: str) -> Text:
    """Return a bar from the axis to the value, 2 * half + 1 cells, in eighths of a cell.

    Where there are deviations, a line from one below to one above the value shows beside it.
    """
    value, one = bars.values[dimension], half / REACH
    eighths = min(round(abs(value) * one * 8), 8 * half)
    full, part = divmod(eighths, 8)
    if not bars.unicode:
        full, part = full + (part >= 4), 0
    block, axis, dash = ("█", "│", "─") if bars.unicode else ("#", "|", "-")
    cells: list[tuple[str, str]] = [(" ", "")] * half + [(axis, "rule")] + [(" ", "")] * half
    if bars.deviations:
        spread = bars.deviations[dimension]
        low, high = (
            min(max(round(end * one), -half), half) for end in (value - spread, value + spread)
        )
        for cell in range(low, high + 1):
            if cell:
                cells[half + cell] = dash, "test"
    step = -1 if value < 0 else 1
    for cell in range(1, full + 1):
        cells[half + step * cell] = block, role
    if part:  # the characters fill a cell from the left: a negative bar ends with a reversed one
        cells[half + step * (full + 1)] = EIGHTHS[part if step > 0 else 8 - part], role
    line = Text(no_wrap=True)
    for style, run in groupby(cells, key=itemgetter(1)):  # few spans: each costs time to render
        line.append("".join(text for text, _ in run), style)
    if part and step < 0:
        line.stylize("reverse", half - full - 1, half - full)
    return line
