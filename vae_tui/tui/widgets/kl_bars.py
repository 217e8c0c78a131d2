"""A bar for each latent dimension's KL, in its two parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.reactive import var

from vae_tui.latent.diagnosis import DEAD_KL
from vae_tui.tui.widgets.columns import in_columns
from vae_tui.tui.widgets.drawing import Drawing

MIN_COLUMN, MAX_COLUMN = 38, 100
MEAN, VARIANCE, DEAD = "color(39)", "color(214)", "color(240)"


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
        self.show_text(
            in_columns(
                lambda index, cells: _bar(parts, parts.order[index], largest, cells),
                len(parts.order),
                *self.size,
                least=MIN_COLUMN,
                most=MAX_COLUMN,
            )
        )


def _bar(parts: KlParts, dimension: int, largest: float, width: int) -> Text:
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
