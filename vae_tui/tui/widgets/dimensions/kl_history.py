"""The KL of each latent dimension over the training, as a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.reactive import var
from textual.strip import Strip

from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.state.losses import Column
from vae_tui.tui.theme import heat_ramp
from vae_tui.tui.widgets.drawing import Drawing

LABEL = 9
"""Columns of the names at the left."""
_SHADES = {Palette.SHADES: " ░▒▓█", Palette.ASCII: " .:*#"}


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The KL of dimensions at the tests of a run."""

    epochs: Column
    """(T,), ascending."""
    kl: Column
    """(T, d), in nats."""

    @property
    def largest(self) -> float:
        """The largest KL of any dimension at any test."""
        return float(np.nanmax(self.kl, initial=0.0, where=np.isfinite(self.kl)))

    def at_columns(self, width: int) -> Column:
        """Return the KL at ``width`` evenly spaced epochs, (width, d)."""
        epochs = np.linspace(self.epochs[0], self.epochs[-1], width)
        later = np.searchsorted(self.epochs, epochs).clip(1, max(len(self.epochs) - 1, 1))
        later = np.minimum(later, len(self.epochs) - 1)
        before = np.maximum(later - 1, 0)
        is_nearer = epochs - self.epochs[before] < self.epochs[later] - epochs
        kl: Column = np.nan_to_num(self.kl[np.where(is_nearer, before, later)])
        return kl


class KlHistory(Drawing):
    """Draws ``history``, a row for each dimension of ``order``, or half a row.

    Where not all fit, the last row says how many are left out.
    """

    history: var[History | None] = var(None)
    order: var[Sequence[int]] = var(())
    palette: var[Palette] = var(Palette.COLOURS_256)

    watch_history = Drawing.redraw
    watch_order = Drawing.redraw

    def _draw(self) -> None:
        history, (width, height) = self.history, self.size
        columns, rows = width - LABEL, height - 1
        if history is None or not len(history.epochs) or columns < 8 or rows < 1:
            self.show_rows([])
            return
        get_style = self.app.console.get_style
        quiet = get_style("quiet")
        order = [one for one in self.order if one < history.kl.shape[1]]
        levels = (history.at_columns(columns) / max(history.largest, 1e-9)).clip(0, 1)
        is_halved = self.palette.has_colours and len(order) > rows
        of_row = 2 if is_halved else 1
        room = rows * of_row
        shown = order[: room if room >= len(order) else room - of_row]
        lines = []
        for first in range(0, len(shown), of_row):
            pair = shown[first : first + of_row]
            name = " ".join(f"z{one + 1}" for one in pair)
            strip = [Segment(f" {name}".ljust(LABEL), quiet)]
            lines.append(Strip([*strip, *self._cells(levels[:, pair], get_style("train"))]))
        if (left_out := len(order) - len(shown)) > 0:
            lines.append(Strip([Segment(f" {left_out} more dimensions", quiet)]))
        lines.append(Strip([Segment(_axis(history.epochs, columns), quiet)]))
        self.show_rows(lines)

    def _cells(self, levels: Column, style: Style) -> list[Segment]:
        """Return the cells for the levels (width, 1 or 2), 0 to 1."""
        if not self.palette.has_colours:
            shades = _SHADES[self.palette]
            indices = np.rint(levels[:, 0] * (len(shades) - 1)).astype(int).tolist()
            return [Segment("".join(shades[index] for index in indices), style)]
        ramp = self.ramp()
        steps = np.rint(levels * (len(ramp) - 1)).astype(int).tolist()
        return [
            Segment(("▀" if len(pair) > 1 else " ") * len(list(cells)), _style(ramp, *pair))
            for pair, cells in groupby(map(tuple, steps))
        ]

    def scale(self) -> str:
        """Return the colours from no KL to the largest, as markup."""
        if not self.palette.has_colours:
            return f"[train]{_SHADES[self.palette]}[/]"
        ramp = self.ramp()
        return "".join(f"[on {colour}] [/]" for colour in ramp[:: len(ramp) // 8 or 1])

    def ramp(self) -> tuple[str, ...]:
        """Return the colours from no KL to the largest."""
        return heat_ramp(self.app.theme, self.app.theme_variables)


@lru_cache(maxsize=1024)
def _style(ramp: tuple[str, ...], upper: int, lower: int | None = None) -> Style:
    return Style(color=ramp[upper], bgcolor=ramp[upper if lower is None else lower])


def _axis(epochs: Column, width: int) -> str:
    first, last = f"{epochs[0]:.0f}", f"{epochs[-1]:.0f}"
    middle = f"{(epochs[0] + epochs[-1]) / 2:.0f}"
    line = first + middle.center(width - len(first) - len(last)) + last
    return " epoch".ljust(LABEL) + line
