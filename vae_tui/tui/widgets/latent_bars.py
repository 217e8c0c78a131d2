"""A bar for each latent dimension, with a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.tui.widgets.columns import in_columns
from vae_tui.tui.widgets.drawing import Drawing

REACH = 3.0
"""A bar of full length; longer ones are cut. Nearly all of N(0, 1) lies within."""
MAX_COLUMN = 40
MIN_COLUMN = 24


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
        bars = self.bars
        order = list(bars.order)
        self.show_text(
            in_columns(
                lambda index, cells: _bar(bars, order[index], cells),
                len(order),
                *self.size,
                least=MIN_COLUMN,
                most=MAX_COLUMN,
                shown=order.index(bars.chosen) if order else 0,
            )
        )


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
