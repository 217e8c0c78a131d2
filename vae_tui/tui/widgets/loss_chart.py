"""A live chart of one loss."""

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing


class LossChart(Drawing):
    """Draws ``plot``, which returns the lines of a given ``width`` and ``height``."""

    plot: var[Callable[..., Sequence[Text]] | None] = var(None)
    watch_plot = Drawing.redraw

    def _draw(self) -> None:
        width, height = self.size
        if self.plot is not None and width and height:
            self.show_text(self.plot(width=width, height=height))
