"""Bars of the latent dimensions: the KL of each in its two parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import EIGHTHS, first_shown, shown_of

LEAST_CELLS, MOST_CELLS = 38, 120
"""Width of a column of bars."""
NUMBERS = 11
"""Cells of the two parts to the right of a bar."""
SHORTEST_SCALE = 0.5
"""Nats of a bar of full length, at least: bars of dead dimensions stay short."""
MEAN, VARIANCE, DEAD = "train", "band", "dead"
"""Roles of the colours."""
BLOCKS = {
    Palette.TRUECOLOR: "███",
    Palette.COLOURS_256: "███",
    Palette.SHADES: "█▒░",
    Palette.ASCII: "#:.",
}
"""Characters of the mean, the variance and a dead dimension: they differ without colour too."""
StyleOf = Callable[[str], Style]
"""Returns the style of a role."""


@dataclass(frozen=True, slots=True)
class KlParts:
    """KL of each dimension, in nats, averaged over images."""

    variance: Sequence[float] = ()
    """Mean of ``(v - log v - 1) / 2``: how far the variance is from the prior's."""
    mean: Sequence[float] = ()
    """Mean of ``mu**2 / 2``: how far the mean is from the prior's."""
    order: Sequence[int] = ()
    """The dimensions from top to bottom."""
    palette: Palette = Palette.COLOURS_256
    chosen: int = -1
    """The dimension that the cursor is on; -1 for none."""

    @property
    def unicode(self) -> bool:
        """Whether the terminal shows more than ASCII."""
        return self.palette is not Palette.ASCII

    @property
    def largest(self) -> float:
        """Nats of a bar of full length."""
        totals = map(sum, zip(self.mean, self.variance, strict=True))
        return max([*totals, SHORTEST_SCALE])

    def is_dead(self, dimension: int) -> bool:
        """Whether a dimension carries next to no information."""
        return self.mean[dimension] + self.variance[dimension] < DEAD_KL


@dataclass
class DimensionPressed(Message):
    """A dimension was clicked."""

    dimension: int
    value: float | None
    """That of the digit under the mouse; None beside the digits."""
    is_double: bool


class KlBars(Drawing):
    """Draws ``parts``: the mean, then the variance, in eighths of a cell where there is colour.

    It scrolls to the chosen dimension; its last row counts those that are not shown.
    """

    parts: var[KlParts] = var(KlParts())
    watch_parts = Drawing.redraw

    def dimension_at(self, x: int, y: int) -> int | None:
        """Return the dimension whose row is at a cell of the widget; None if there is none."""
        columns, rows, first = self._layout()
        column, place = x // self._column_width(columns), first + y
        place += column * rows
        is_bar = column < columns and y < rows and place < len(self.parts.order)
        return self.parts.order[place] if is_bar else None

    def on_click(self, event: Click) -> None:
        """Report the dimension that was clicked."""
        if (dimension := self.dimension_at(event.x, event.y)) is not None:
            self.post_message(DimensionPressed(dimension, None, event.chain == 2))

    def _layout(self) -> tuple[int, int, int]:
        """Return columns, bars in each, and the place of the first bar that is shown."""
        (width, height), order = self.size, self.parts.order
        columns = column_count(len(order), width, height)
        rows = max(height - (len(order) > columns * height), 1)
        return columns, rows, first_shown(order, self.parts.chosen, columns, rows)

    def _column_width(self, columns: int) -> int:
        return max(min(self.size.width // columns, MOST_CELLS), 1)

    def _draw(self) -> None:
        (width, height), parts = self.size, self.parts
        if not parts.order or width < LEAST_CELLS or height < 1:
            self.show_rows([])
            return
        columns, rows, first = self._layout()
        shown = parts.order[first : first + columns * rows]
        bar_width, style_of = self._column_width(columns) - 1, self.app.console.get_style
        cells = [_bar_row(parts, dimension, bar_width, style_of) for dimension in shown]
        lines = []
        for row in range(min(rows, len(cells))):
            line = Text(no_wrap=True)
            for cell in cells[row::rows]:
                line.append_text(cell).append(" ")
            lines.append(line)
        if len(shown) < len(parts.order):
            lines += [Text()] * (height - 1 - len(lines))
            lines.append(_note(parts, first, shown))
        self.show_text(lines)


def column_count(dimensions: int, width: int, height: int) -> int:
    """Return the number of columns for the bars of all dimensions, at least 1."""
    return max(1, min(width // LEAST_CELLS, -(-dimensions // max(height, 1))))


def bar(parts: KlParts, dimension: int, width: int, style_of: StyleOf) -> Text:
    """Return the bar of a dimension, its blank part included."""
    mean, total = parts.mean[dimension], parts.mean[dimension] + parts.variance[dimension]
    solid, end = (round(value / parts.largest * width * 8) for value in (mean, total))
    if not parts.palette.has_colours:
        solid, end = round(solid / 8) * 8, round(end / 8) * 8
    first, second, faint = list(BLOCKS[parts.palette])
    line = Text(no_wrap=True)
    if parts.is_dead(dimension):
        line.append(faint * (end // 8), DEAD).append(EIGHTHS[end % 8].strip(), DEAD)
    else:
        full, part = divmod(solid, 8)
        line.append(first * full, MEAN)
        if part and end >= 8 * (full + 1):  # both colours in one cell
            ground = Style(bgcolor=style_of(VARIANCE).color)
            line.append(EIGHTHS[part], style_of(MEAN) + ground)
        elif part:
            line.append(EIGHTHS[end % 8], MEAN)
        line.append(second * (end // 8 - line.cell_len), VARIANCE)
        if end // 8 == line.cell_len and end % 8:
            line.append(EIGHTHS[end % 8], VARIANCE)
    return line.append(" " * (width - line.cell_len))


def _bar_row(parts: KlParts, dimension: int, width: int, style_of: StyleOf) -> Text:
    """Return ``z12 1.37 ████▒▒▒▒  0.91+0.46``: name, KL, bar, the two parts."""
    mean, variance = parts.mean[dimension], parts.variance[dimension]
    is_dead, is_chosen = parts.is_dead(dimension), dimension == parts.chosen
    role = "here" if is_chosen else DEAD if is_dead else ""
    line = Text(f"{'>' if is_chosen else ' '}z{dimension + 1:<3}{mean + variance:5.2f} ", role)
    numbers = "  dead" if is_dead else f"  {mean:4.2f}+{variance:4.2f}"
    numbers = numbers.ljust(NUMBERS)
    line.append_text(bar(parts, dimension, max(width - line.cell_len - NUMBERS, 1), style_of))
    return line.append(numbers, "quiet")


def _note(parts: KlParts, first: int, shown: Sequence[int]) -> Text:
    """Return ``1 to 19 of 64, the others 12.03 nats``."""
    others = sum(parts.mean[one] + parts.variance[one] for one in {*parts.order} - {*shown})
    note = f" {shown_of(first, len(shown), parts.order)}, the others {others:.2f} nats"
    return Text.assemble((note, "quiet"))
