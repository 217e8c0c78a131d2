"""A live chart of one loss, in a panel whose title has the newest values."""

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.events import Resize
from textual.message import Message
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.panel import Panel, title_width


class LossChart(Drawing):
    """Draws ``plot``, which returns a heading and the lines of a given ``width`` and ``height``."""

    plot: var[Callable[..., Sequence[Text]] | None] = var(None)
    watch_plot = Drawing.redraw
    heading: var[str] = var("")
    """Rich markup."""

    class Resized(Message):
        """A chart has another size: the plots of all have to be aligned again."""

        def can_replace(self, message: Message) -> bool:
            """Return whether one of several in the queue is enough."""
            return isinstance(message, LossChart.Resized)

    def on_resize(self, event: Resize) -> None:  # type: ignore[override]
        """Report the size, instead of drawing: the view then sets the plots of all charts."""
        event.prevent_default()
        self.post_message(self.Resized())

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
