"""View 1: the losses as charts, live digits, inputs over reconstructions."""

from collections.abc import Callable, Sequence
from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.reactive import var

from vae_tui.export.picture_files import write_digits
from vae_tui.run import series
from vae_tui.run.kl_weight.conventions import beta_elsewhere
from vae_tui.tui.charts.chart import draw_chart, gutters_of
from vae_tui.tui.charts.frame import NOTHING_YET, ChartOptions
from vae_tui.tui.state.cycle import next_of
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.loss_curves import (
    change_marks,
    chart_curves,
    chart_title,
    cut_off,
    has_log_axis,
    marked,
    overlay_curves,
    reconstruction_levels,
)
from vae_tui.tui.views.train_digits import TrainDigits
from vae_tui.tui.views.view import Export, View
from vae_tui.tui.views.x_axis import ALL_RUNS, RECENT, RUN, X_AXES
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.loss_chart import ChartPanel, LossChart
from vae_tui.tui.widgets.panel import Panel
from vae_tui.tui.widgets.run_facts import (
    RunFacts,
    beta_and_machine,
    facts_of,
    losses_in_words,
)

LOSS_CHARTS = ("reconstruction", "kl")
"""The charts that are always shown."""
SPEED = "images_per_second"
"""The chart that is shown too where there is room for the facts of the run."""
EDGES = {"reconstruction": "losses", "kl": "machine"}
"""The caption in the lower edge of a chart's frame."""
ROOMY = (150, 40)
"""Columns and rows of the view from which on there is room for the facts of the run."""
CURSOR_STEPS = 100
"""Steps of the cursor from the left end of the axis to the newest epoch."""


class TrainView(View):
    """Loss charts, digits from fixed z, and test images over their reconstructions."""

    TITLE = "Train"
    HELP = (
        "Losses in nats per image: the line is the training data, points are the test set with z "
        "sampled, thinned where they are dense, the newest and the best always shown; an arrow "
        "shows how far a curve goes beyond the edge. -ELBO: BCE + KL of the test set, the test "
        "loss of the list of runs; at mean: with z at the mean of q(z|x). in the loss: the KL "
        "after --free-bits. floor: a perfect reconstruction of the test images. collapse: the "
        "mean image for every input. untrained: before the first step. The horizontal axis is "
        "logarithmic at first, since most happens in the first epochs; {train.axis} changes it. "
        "The samples keep their z, so that you see them sharpen; {app.sample} draws new z. An "
        "overlaid run (Overlay in the view of the runs) has its losses on the same axes, which "
        "end with the run shown; @ is where a longer one is cut off, and {train.recent} shows all "
        "of it. Its samples from the same z replace the test images. In a frame, the lower edge "
        "of the KL chart shows beta while it rises, and what the machine of a live run is doing."
    )
    BINDINGS = [
        Binding("l", "toggle('log_axis')", "Log", id="train.log",
                tooltip="Switch the reconstruction loss between a logarithmic and a linear axis"),
        Binding("s", "toggle('smooth')", "Smooth", id="train.smooth",
                tooltip="Switch between the trend over a dim band and the raw line"),
        Binding("z", "zoom", "Zoom", id="train.recent",
                tooltip="Zoom into the newest quarter, or show the whole run; then all of a longer "
                        "overlaid run"),
        Binding("h", "toggle('reading')", "Cursor", id="train.cursor",
                tooltip="Read values off the charts, with a cursor"),
        Binding("t", "next_axis", "Axis", id="train.axis",
                tooltip="Change the horizontal axis; epochs on a logarithmic or a linear axis, "
                        "steps, or minutes of training"),
        Binding("g", "toggle('all_charts')", "More", id="train.gradient",
                tooltip="Show more charts; the norm of the gradient, mean over the steps of each "
                        "report, and the images per second"),
        Binding("left", "move(-1)", show=False, id="train.left"),
        Binding("right", "move(1)", show=False, id="train.right"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    TrainView { layout: horizontal; }
    TrainView #charts { height: 1fr; }
    TrainView ChartPanel, TrainView LossChart { height: 1fr; }
    TrainView .more, TrainView #run, TrainView #machine { display: none; }
    TrainView.all-charts .more, TrainView.roomy #run { display: block; }
    TrainView.roomy #images_per_second-panel { display: block; }
    TrainView.roomy ChartPanel { height: 5fr; }
    TrainView.roomy .more { height: 3fr; }
    """

    log_axis: var[bool] = var(True)
    """Whether the axis of the reconstruction loss, which falls steeply at first, is logarithmic."""
    smooth: var[bool] = var(True)
    part: var[str] = var(RUN)
    """The part of the run, or of the overlaid ones, on the horizontal axis."""
    reading: var[bool] = var(False)
    all_charts: var[bool] = var(False, toggle_class="all-charts")
    """The charts of every series, not only those of the losses."""
    axis: var[int] = var(0)
    """Index in `X_AXES`."""
    cursor_share: var[float] = var(1.0)
    """Position of the cursor between the left end of the axis and the newest epoch."""

    def compose(self) -> ComposeResult:
        """Charts at the left, digits at the right."""
        with Vertical(id="charts"):
            for chart in series.charts():
                is_first = chart == LOSS_CHARTS[0]
                panel = ChartPanel(chart, facts=EDGES.get(chart, ""), is_main=is_first)
                yield panel.set_class(chart not in LOSS_CHARTS, "more")
            yield Panel("run-title", RunFacts(), id="run")
        yield TrainDigits(id="digits")

    _charted: tuple[object, ...] = ()
    """What the charts were drawn from."""

    def _draw(self, scene: Scene) -> None:
        """Draw the charts if the losses changed, the facts, and the digits."""
        self._digits.fit(self.size, scene)
        self.query_one("#run-title", Caption).text = "[b]Run[/b]"
        self.query_one(RunFacts).facts = facts_of(scene.run, unicode=scene.unicode)
        self.query_one("#machine", Caption).text = beta_and_machine(
            scene.run, unicode=scene.unicode
        )
        overlaid = [overlay.run for overlay in scene.overlays]
        now = scene.run, scene.is_past and scene.network, overlaid
        if now != self._charted and not scene.run.unread:
            if self._charted:
                self.redraw_charts()
            else:  # the digits are painted first
                self.call_after_refresh(self.redraw_charts)
            self._charted = now
        self._digits.draw(scene)

    def sample(self) -> None:
        """Draw new z."""
        self._digits.seed += 1
        self.redraw()

    def action_next_axis(self) -> None:
        """Put the next unit of `X_AXES` across."""
        self.axis = (self.axis + 1) % len(X_AXES)

    def action_zoom(self) -> None:
        """Show the next part of the axis; all runs only where an overlaid one is longer."""
        if self.scene is None:
            return
        run, others = self.scene.run, [overlay.run for overlay in self.scene.overlays]
        axis = X_AXES[self.axis]
        parts = [RUN, RECENT]
        if axis.window(run, others, ALL_RUNS) != axis.window(run, others, RUN):
            parts.append(ALL_RUNS)
        self.part = next_of(parts, self.part)

    def action_move(self, steps: int) -> None:
        """Show and move the cursor."""
        self.reading = True
        share = round(self.cursor_share * CURSOR_STEPS + steps) / CURSOR_STEPS
        self.cursor_share = min(1.0, max(0.0, share))

    def on_resize(self, event: Resize) -> None:
        """Choose the size of the digits, and what there is room for."""
        width, height = event.size
        self.set_class(width >= ROOMY[0] and height >= ROOMY[1], "roomy")
        self.redraw()

    @property
    def _digits(self) -> TrainDigits:
        return self.query_one(TrainDigits)

    def redraw_charts(self) -> None:
        """Draw the charts, if the run has been read."""
        if self.scene is None or self.scene.run.unread or not self.is_mounted:
            return
        run, overlays = self.scene.run, self.scene.overlays
        self.query_one("#losses", Caption).text = losses_in_words(
            run, unicode=self.scene.unicode, is_past=self.scene.is_past
        )
        axis = X_AXES[self.axis]
        window = axis.window(run, [overlay.run for overlay in overlays], self.part)
        cursor = self._cursor(self.scene, window)
        marks = [
            (axis.position(run, epoch), label)
            for epoch, label in change_marks(run, unicode=self.scene.unicode)
        ]
        plots: dict[LossChart, Callable[..., Sequence[Text]]] = {}
        gutters = []
        for chart in series.charts():
            is_shown = chart in LOSS_CHARTS or (chart == SPEED and self.has_class("roomy"))
            if not (is_shown or self.all_charts):
                continue
            widget = self.query_one(f"#{chart}", LossChart)
            own = chart_curves(chart, run, smooth=self.smooth, recent=self.part == RECENT)
            curves = axis.convert(run, own)
            for overlay in overlays:
                if not overlay.run.unread:
                    drawn = overlay_curves(chart, run, overlay, smooth=self.smooth)
                    others = axis.convert(overlay.run, drawn)
                    curves[:0] = cut_off(others, window) if cursor is None else others
            levels = reconstruction_levels(run) if chart == "reconstruction" else ()
            options = ChartOptions(
                log=self.log_axis and has_log_axis(chart, curves),
                log_x=axis.is_log,
                x_window=window,
                x_label=axis.label,
                close_up=self.part == RECENT,
                ascii_only=not self.scene.unicode,
                nothing="not recorded by this run" if len(run.train.columns[0]) else NOTHING_YET,
            )
            curves = marked(curves) if self.app.no_color else curves
            draw = partial(draw_chart, chart_title(chart, run), curves, levels, options=options)
            plots[widget] = partial(draw, marks=marks, cursor=cursor)
            gutters.append(gutters_of(curves, levels, *widget.size, options))
        left, right = map(max, zip(*gutters, strict=True))
        for widget, unaligned in plots.items():
            widget.plot = partial(unaligned, gutters=(left, right))

    on_sized_by_view_resized = redraw_charts

    watch_log_axis = redraw_charts
    watch_smooth = redraw_charts
    watch_part = redraw_charts
    watch_reading = redraw_charts
    watch_all_charts = redraw_charts
    watch_axis = redraw_charts
    watch_cursor_share = redraw_charts

    def _cursor(self, scene: Scene, window: tuple[float, float] | None) -> float | None:
        """Return the position of the cursor: where older weights are from, else the user's."""
        axis = X_AXES[self.axis]
        if scene.is_past and scene.network is not None and scene.run.started is not None:
            return axis.position(scene.run, scene.run.epoch_of(scene.network.step))
        if not self.reading or window is None:
            return None
        low, newest = window[0], axis.position(scene.run, scene.run.epoch)
        if not axis.is_log:
            return low + self.cursor_share * (newest - low)
        return float(low * (newest / low) ** self.cursor_share)

    @property
    def explanation(self) -> str:
        """The description, with beta as other programs give it."""
        run = self.scene.run if self.scene else None
        if run is None or run.config.model == "ae":
            return super().explanation
        return f"{super().explanation} {beta_elsewhere(run.config, run.beta)}"

    def export(self) -> Export | None:
        """Return the samples of the fixed z as a PNG."""
        network = self.scene.network if self.scene else None
        if network is None:
            return None
        codes, columns = self._digits.codes(network), self._digits.columns
        return Export(
            f"fixed-z-step{network.step}.png",
            lambda path: write_digits(path, network.decode(codes), columns, f"step {network.step}"),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws the samples of the fixed z."""
        if self.scene is None or self.scene.network is None:
            return None
        digits = self._digits
        return (
            f"vae-tui sample {run} -n {digits.count} --seed {digits.seed}{self.scene.step_option}"
        )
