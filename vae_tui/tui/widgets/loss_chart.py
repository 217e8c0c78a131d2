"""A live chart of one loss."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Resize
from textual.reactive import var

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.frame import Level
from vae_tui.tui.charts.series import Series
from vae_tui.tui.widgets.drawing import Drawing


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """The content of a chart; the widget has its size."""

    title: str
    series: Sequence[Series] = ()
    levels: Sequence[Level] = ()
    marks: Sequence[float] = ()
    cursor: float | None = None
    log: bool = False
    ascii_only: bool = False


class LossChart(Drawing):
    """Draws ``plot`` in the widget's whole size."""

    plot: var[Plot | None] = var(None)

    def watch_plot(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw in the new size."""
        self._draw()

    def _draw(self) -> None:
        plot, size = self.plot, self.size
        if plot is None or not size.width or not size.height:
            return
        self.show_text(
            draw_chart(
                plot.title,
                plot.series,
                plot.levels,
                size.width,
                size.height,
                log=plot.log,
                cursor=plot.cursor,
                marks=plot.marks,
                ascii_only=plot.ascii_only,
            )
        )
