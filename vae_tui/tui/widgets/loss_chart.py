"""A live chart of one loss, in a panel whose title has the newest values."""

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.reactive import var

from vae_tui.tui.widgets.drawing import SizedByView
from vae_tui.tui.widgets.panel import Panel, title_width


class LossChart(SizedByView):
    """Draws ``plot``, which returns a heading and the lines of a given ``width`` and ``height``."""

    plot: var[Callable[..., Sequence[Text]] | None] = var(None)
    watch_plot = SizedByView.redraw
    heading: var[str] = var("")
    """Rich markup."""

    def _draw(self) -> None:
        width, height = self.size
        if self.plot is not None and width and height:
            room = title_width(self, width)
            heading, *rows = self.plot(width=width, height=height + 1, heading_width=room)
            heading.rstrip()
            self.heading = heading.markup
            self.show_text(rows)


class ChartPanel(Panel):
    """A chart below its heading."""

    def __init__(self, chart: str, facts: str = "", *, is_main: bool = False) -> None:
        """``chart`` is the id of the chart; the others as in `Panel`."""
        self._chart = LossChart(id=chart)
        super().__init__(
            f"{chart}-title", self._chart, facts=facts, id=f"{chart}-panel", is_main=is_main
        )

    def on_mount(self) -> None:
        """Follow the chart's heading."""

        def show(heading: str) -> None:
            self.caption.text = heading

        self.watch(self._chart, "heading", show)
