"""Bars of the latent dimensions: the KL of each in its two parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual.geometry import Size
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.tui.widgets.drawing import Drawing

KL_CELLS = (38, 100)
"""The least and the most cells of a column."""
MEAN, VARIANCE, DEAD = "train", "test", "dead"


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


class KlBars(Drawing):
    """Draws ``parts``: solid for the mean, then shaded for the variance."""

    parts: var[KlParts] = var(KlParts())
    watch_parts = Drawing.redraw

    def _draw(self) -> None:
        parts = self.parts
        totals = [sum(pair) for pair in zip(parts.mean, parts.variance, strict=True)]
        largest = max([*totals, DEAD_KL])
        bars = [partial(_kl_bar, parts, dimension, largest) for dimension in parts.order]
        self.show_text(_in_columns(bars, self.size, KL_CELLS))


def _kl_bar(parts: KlParts, dimension: int, largest: float, width: int) -> Text:
    """Return ``z12 1.37 ████▒▒▒▒  0.91+0.46``: name, KL, bar, the two parts."""
    mean, variance = parts.mean[dimension], parts.variance[dimension]
    total = mean + variance
    dead = total < DEAD_KL
    name, numbers = f" z{dimension + 1:<3}{total:5.2f} ", f" {mean:4.2f}+{variance:4.2f}"
    room = max(width - len(name) - len(numbers), 1)
    solid = round(mean / largest * room)
    rest = round(total / largest * room) - solid
    full, light = ("█", "▒") if parts.unicode else ("#", ":")
    line = Text(name, DEAD if dead else "", no_wrap=True)
    line.append(full * solid, DEAD if dead else MEAN)
    line.append(light * rest, DEAD if dead else VARIANCE)
    line.append(" " * (room - solid - rest))
    return line.append("  dead     " if dead else numbers, DEAD)


def _in_columns(
    bars: Sequence[Callable[[int], Text]], room: Size, cells: tuple[int, int]
) -> list[Text]:
    """Return the lines of the bars, column by column.

    Each of ``bars`` returns its text for a number of cells; ``cells`` limits those of a column.
    """
    least, most = cells
    width, height = room
    if not bars or width < least or height < 1:
        return []
    columns = max(1, min(width // least, -(-len(bars) // height)))
    column_width = min(width // columns, most)
    lines = []
    for row in range(height):
        line = Text(no_wrap=True)
        for bar in bars[row : columns * height : height]:
            line.append_text(bar(column_width - 1)).append(" ")
        lines.append(line)
    return lines
