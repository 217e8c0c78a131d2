"""A bar for each latent dimension, with a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.events import Resize
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing

REACH = 3.0
"""Values from -REACH to REACH are told apart; nearly all of N(0, 1) lies within."""
MAX_COLUMN = 40
MIN_COLUMN = 24
DEAD_KL = 0.05
"""Nats; a dimension with less carries next to nothing of the image."""


@dataclass(frozen=True, slots=True)
class Bars:
    """One code, dimension by dimension."""

    values: Sequence[float] = ()
    order: Sequence[int] = ()
    """The dimensions from the top: by KL, largest first."""
    kl: Sequence[float] = ()
    """Nats of each dimension; empty before the first test."""
    chosen: int = 0
    """The dimension the cursor is on."""
    unicode: bool = True


class LatentBars(Drawing):
    """Draws ``bars`` in as many columns as it has room for; scrolls to the cursor."""

    bars: var[Bars] = var(Bars())

    def watch_bars(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw in the new size."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        bars = self.bars
        if not len(bars.order) or width < MIN_COLUMN or height < 1:
            self.show_rows([])
            return
        columns = max(1, min(width // MIN_COLUMN, -(-len(bars.order) // height)))
        column_width = min(width // columns, MAX_COLUMN)
        place = list(bars.order).index(bars.chosen)
        first = max(0, min(place // height - columns + 1, place // height)) * height
        lines = []
        for row in range(height):
            line = Text(no_wrap=True)
            for column in range(columns):
                at = first + column * height + row
                if at < len(bars.order):
                    line.append_text(_bar(bars, bars.order[at], column_width - 1))
                    line.append(" ")
            lines.append(line)
        self.show_text(lines)


def _bar(bars: Bars, dimension: int, width: int) -> Text:
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
    colour = "color(240)" if dead else "color(214)" if chosen else "color(39)"
    line = Text(name, "bold" if chosen else "color(240)" if dead else "")
    line.append(left.rjust(half), colour)
    line.append(middle, "color(244)")
    line.append(right.ljust(half), colour)
    return line.append(numbers, "color(240)" if dead else "")
