"""Bars of the latent dimensions: the KL of each in its two parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.tui.widgets.drawing import Drawing

LEAST_CELLS, MOST_CELLS = 38, 120
"""Width of a column of bars."""
SHORTEST_SCALE = 0.5
"""Nats of a bar of full length, at least: bars of dead dimensions stay short."""
MEAN, VARIANCE, DEAD = "train", "test", "dead"
"""Roles of the colours."""
BLOCKS = {True: "█▒░", False: "#:."}
"""Characters of the mean, the variance and a dead dimension, with UTF-8 and without."""


@dataclass(frozen=True, slots=True)
class KlParts:
    """KL of each dimension, in nats, averaged over images."""

    variance: Sequence[float] = ()
    """Mean of ``(v - log v - 1) / 2``: how far the variance is from the prior's."""
    mean: Sequence[float] = ()
    """Mean of ``mu**2 / 2``: how far the mean is from the prior's."""
    order: Sequence[int] = ()
    """The dimensions from top to bottom."""
    unicode: bool = True

    @property
    def largest(self) -> float:
        """Nats of a bar of full length."""
        totals = map(sum, zip(self.mean, self.variance, strict=True))
        return max([*totals, SHORTEST_SCALE])

    def is_dead(self, dimension: int) -> bool:
        """Whether a dimension carries next to no information."""
        return self.mean[dimension] + self.variance[dimension] < DEAD_KL


class KlBars(Drawing):
    """Draws ``parts``: solid for the mean, then shaded for the variance."""

    parts: var[KlParts] = var(KlParts())
    watch_parts = Drawing.redraw

    def _draw(self) -> None:
        (width, height), parts = self.size, self.parts
        if not parts.order or width < LEAST_CELLS or height < 1:
            self.show_rows([])
            return
        columns = column_count(len(parts.order), width, height)
        column_width = min(width // columns, MOST_CELLS)
        shown, rest = list(parts.order), []
        if len(shown) > columns * height:
            shown, rest = shown[: columns * height - 1], shown[columns * height - 1 :]
        cells = [_bar_row(parts, dimension, column_width - 1) for dimension in shown]
        if rest:
            cells.append(_rest(parts, rest, column_width - 1))
        lines = []
        for row in range(min(height, len(cells))):
            line = Text(no_wrap=True)
            for cell in cells[row::height]:
                line.append_text(cell).append(" ")
            lines.append(line)
        self.show_text(lines)


def column_count(dimensions: int, width: int, height: int) -> int:
    """Return the number of columns for the bars of all dimensions, at least 1."""
    return max(1, min(width // LEAST_CELLS, -(-dimensions // max(height, 1))))


def bar(parts: KlParts, dimension: int, width: int) -> Text:
    """Return the bar of a dimension, its blank part included."""
    mean, total = parts.mean[dimension], parts.mean[dimension] + parts.variance[dimension]
    solid = round(mean / parts.largest * width)
    light = round(total / parts.largest * width) - solid
    full, shaded, faint = list(BLOCKS[parts.unicode])
    if parts.is_dead(dimension):
        line = Text(faint * (solid + light), DEAD, no_wrap=True)
    else:
        line = Text.assemble((full * solid, MEAN), (shaded * light, VARIANCE), no_wrap=True)
    return line.append(" " * (width - line.cell_len))


def _bar_row(parts: KlParts, dimension: int, width: int) -> Text:
    """Return ``z12 1.37 ████▒▒▒▒  0.91+0.46``: name, KL, bar, the two parts."""
    mean, variance = parts.mean[dimension], parts.variance[dimension]
    is_dead = parts.is_dead(dimension)
    line = Text(f" z{dimension + 1:<3}{mean + variance:5.2f} ", DEAD if is_dead else "")
    numbers = "  dead    " if is_dead else f" {mean:4.2f}+{variance:4.2f}"
    line.append_text(bar(parts, dimension, max(width - line.cell_len - len(numbers), 1)))
    return line.append(numbers, "quiet")


def _rest(parts: KlParts, dimensions: Sequence[int], width: int) -> Text:
    """Return ``+ 4 more, 0.52 nats``: the dimensions without a bar."""
    total = sum(parts.mean[one] + parts.variance[one] for one in dimensions)
    line = Text(f" + {len(dimensions)} more, {total:.2f} nats together", "quiet")
    line.truncate(width, pad=True)
    return line
