"""View 5: KL and activity of each latent dimension, and advice."""

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.reactive import var
from textual.widgets import Static

from vae_tui.arrays import Floats
from vae_tui.export.output_file import csv_table, write
from vae_tui.latent.diagnosis import ACTIVE_VARIANCE, Measured, diagnose
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.dimensions.kl_bars import KlBars, KlParts
from vae_tui.tui.widgets.panel import Panel, frame_of


class DimensionsView(View):
    """The KL of each dimension, split in two; active units; advice."""

    TITLE = "Dimensions"
    HELP = (
        "The KL of a dimension, in nats per image, is the sum of two parts: how far the "
        "posterior's mean lies from 0 (mu squared / 2, solid), and how much its variance differs "
        "from 1 ((v - log v - 1) / 2, light). A dimension near 0 carries no information: it is "
        "dead. Active units: dimensions whose mean varies by more than 0.01 over the test digits."
    )
    BINDINGS = [
        Binding(
            "s", "toggle('by_kl')", "Sort", id="dimensions.sort", tooltip="Sort by KL, or by number"
        )
    ]
    DEFAULT_CSS = """
    DimensionsView Panel, DimensionsView KlBars { height: 1fr; width: 1fr; }
    DimensionsView Container { layout: horizontal; height: 1fr; }
    DimensionsView #advice { width: 32; padding: 1; }
    DimensionsView.stacked Container { layout: vertical; }
    DimensionsView.stacked #advice { dock: top; width: 1fr; height: auto; padding: 0 1; }
    """

    by_kl: var[bool] = var(True)
    watch_by_kl = View.redraw
    on_resize = View.redraw

    def compose(self) -> ComposeResult:
        """A line of totals, advice, the bars."""
        yield Panel("caption", Container(KlBars(), Static(id="advice")))

    def command(self, run: str) -> str | None:
        """Return the command that prints these numbers."""
        return f"vae-tui eval {run}{self.scene.step_option}" if self.scene else None

    def export(self) -> Export | None:
        """Return the numbers of each dimension as a CSV."""
        scene = self.scene
        if scene is None or scene.network is None or scene.probe is None:
            return None
        content = _csv(*_measured(scene))
        return Export(f"dimensions-step{scene.network.step}.csv", lambda path: write(path, content))

    def _draw(self, scene: Scene) -> None:
        if scene.network is None or scene.probe is None:
            self.query_one(Caption).text = waiting(scene)
            return
        mean_part, variance_part, variance = _measured(scene)
        total = mean_part + variance_part
        order = np.argsort(-total, kind="stable") if self.by_kl else np.arange(len(total))
        self.query_one(KlBars).parts = KlParts(
            variance_part.tolist(), mean_part.tolist(), order.tolist(), scene.unicode
        )
        # Beside the bars, unless these need all columns.
        if self.size.height:  # else it is not laid out yet
            rows = self.size.height - frame_of(self)[1]
            self.set_class(len(total) > rows, "stacked")
        active = int((variance > ACTIVE_VARIANCE).sum())
        self.query_one(Caption).text = (
            f"[b]KL {total.sum():.1f}[/b] nats · {WEIGHTS} · mean {mean_part.sum():.1f} + "
            f"variance {variance_part.sum():.1f} · {active} of {len(total)} active"
            f"{_charted(scene)}"
        )
        self.query_one("#advice", Static).update(_advice(scene, total.tolist()), layout=True)


def _measured(scene: Scene) -> tuple[Floats, Floats, Floats]:
    """Return both parts of the KL in nats and the variance of the mean, each (d,)."""
    mean, logvar = scene.codes
    mean_part = np.square(mean).mean(0) / 2
    variance_part = (np.exp(logvar) - logvar - 1).mean(0) / 2
    return mean_part, variance_part, mean.var(0)


def _csv(mean_part: Floats, variance_part: Floats, variance: Floats) -> bytes:
    names = "dimension", "kl", "kl_of_mean", "kl_of_variance", "variance_of_mean", "active"
    columns = mean_part + variance_part, mean_part, variance_part, variance
    rows = (
        [number, *(f"{value:.6g}" for value in values), int(values[-1] > ACTIVE_VARIANCE)]
        for number, values in enumerate(zip(*columns, strict=True), 1)
    )
    return csv_table(names, rows)


def _charted(scene: Scene) -> str:
    """Return the KL of the whole test set, which the chart in Train shows, for comparison."""
    tested = scene.run.tested
    return f" · chart: {tested.test_kl:.1f}" if tested is not None and not scene.is_past else ""


def _advice(scene: Scene, kl: list[float]) -> str:
    """Return advice for the newest weights, with the reconstruction loss of the newest test."""
    run = scene.run
    if scene.is_past:
        return "Advice is for the newest weights: press end to return to them."
    if run.tested is None or run.started is None:
        return ""
    return diagnose(
        Measured(
            bce=run.tested.test_bce,
            kl_per_dimension=kl,
            floor=run.started.floor,
            collapse=run.started.collapse,
            beta=run.measured.beta if run.measured else run.config.beta,
            is_vae=run.config.model == "vae",
            is_trained=run.tested.epoch >= max(1.0, run.config.warmup),
        )
    )[1]
