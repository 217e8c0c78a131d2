"""Bars of the latent dimensions: the KL of each in its two parts, and the numbers of one code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual.geometry import Size
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.tui.widgets.drawing import Drawing

REACH = 3.0
"""A bar of full length; longer ones are cut. Nearly all of N(0, 1) lies within."""
KL_CELLS, VALUE_CELLS = (38, 100), (24, 40)
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


@dataclass(frozen=True, slots=True)
class Bars:
    """The numbers of one code."""

    values: Sequence[float] = ()
    order: Sequence[int] = ()
    """The dimensions from top to bottom: by KL, largest first."""
    kl: Sequence[float] = ()
    """Nats of each dimension; empty before the first test."""
    chosen: int = 0
    """The dimension the cursor is on."""
    unicode: bool = True


class LatentBars(Drawing):
    """Draws ``bars`` in as many columns as fit; scrolls to the cursor."""

    bars: var[Bars] = var(Bars())
    watch_bars = Drawing.redraw

    def _draw(self) -> None:
        order = list(self.bars.order)
        bars = [partial(_value_bar, self.bars, dimension) for dimension in order]
        shown = order.index(self.bars.chosen) if order else 0
        self.show_text(_in_columns(bars, self.size, VALUE_CELLS, shown))


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


def _value_bar(bars: Bars, dimension: int, width: int) -> Text:
    """Return ``>z12 ----|##--  +1.25  1.4``: name, bar, value, KL."""
    value = bars.values[dimension]
    chosen = dimension == bars.chosen
    dead = bool(bars.kl) and bars.kl[dimension] < DEAD_KL
    name = f"{'>' if chosen else ' '}z{dimension + 1:<3}"
    numbers = f"{value:+6.2f}"
    half = max((width - len(name) - len(numbers) - 1) // 2, 1)
    length = min(int(abs(value) / REACH * half + 0.5), half)
    full, middle = ("█", "│") if bars.unicode else ("#", "|")
    left = full * length if value < 0 else ""
    right = full * length if value >= 0 else ""
    colour = DEAD if dead else "here" if chosen else MEAN
    line = Text(name, "here" if chosen else DEAD if dead else "")
    line.append(left.rjust(half), colour)
    line.append(middle, "rule")
    line.append(right.ljust(half), colour)
    return line.append(numbers, DEAD if dead else "")


def _in_columns(
    bars: Sequence[Callable[[int], Text]], room: Size, cells: tuple[int, int], shown: int = 0
) -> list[Text]:
    """Return the lines of the bars, column by column; bar ``shown`` is never left out.

    Each of ``bars`` returns its text for a number of cells; ``cells`` limits those of a column.
    """
    least, most = cells
    width, height = room
    if not bars or width < least or height < 1:
        return []
    columns = max(1, min(width // least, -(-len(bars) // height)))
    column_width = min(width // columns, most)
    first = max(0, shown // height - columns + 1) * height
    lines = []
    for row in range(height):
        line = Text(no_wrap=True)
        for bar in bars[first + row : first + columns * height : height]:
            line.append_text(bar(column_width - 1)).append(" ")
        lines.append(line)
    return lines
