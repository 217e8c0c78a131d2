"""View 5: KL and activity of each latent dimension, and advice."""

from dataclasses import replace

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.reactive import var
from textual.widgets import Static

from vae_tui.arrays import Floats
from vae_tui.export.output_file import csv_table, write
from vae_tui.latent.diagnosis import ACTIVE_VARIANCE, diagnose
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.dimensions.kl_bars import (
    BLOCKS,
    DEAD,
    LEAST_CELLS,
    MEAN,
    VARIANCE,
    KlBars,
    KlParts,
    column_count,
)
from vae_tui.tui.widgets.dimensions.kl_history import History, KlHistory
from vae_tui.tui.widgets.dimensions.traversals import Traversals, Traversed, layout, traverse
from vae_tui.tui.widgets.panel import Panel, frame_of

ADVICE_CELLS = 28
"""Width of the advice beside the bars."""
NEARLY = 3
"""Advice stays beside the bars when at most this many dimensions lack a row."""
MOST_CARDS = 20
"""Dimensions are shown as cards where this many fit, or all of them."""
LEAST_HISTORY = 5
"""Rows of a heat map."""


class DimensionsView(View):
    """The KL of each dimension, split in two; active units; advice."""

    TITLE = "Dimensions"
    HELP = (
        "The KL of a dimension, in nats per image, is the sum of two parts: how far the "
        "posterior's mean lies from 0 (mu squared / 2, solid), and how much its variance differs "
        "from 1 ((v - log v - 1) / 2, light). A dimension near 0 carries no information: it is "
        "dead. Where there is room: the KL of each dimension over the training, and digits decoded "
        "while one dimension goes from -3 to 3, the others at 0. "
        "Active units: dimensions whose mean varies by more than 0.01 over the test digits."
    )
    BINDINGS = [
        Binding(
            "s", "toggle('by_kl')", "Sort", id="dimensions.sort", tooltip="Sort by KL, or by number"
        )
    ]
    SCOPED_CSS = False  # as Panel
    DEFAULT_CSS = """
    DimensionsView #kl, DimensionsView #history { width: 1fr; height: 1fr; }
    DimensionsView KlBars, DimensionsView Traversals, DimensionsView KlHistory {
        width: 1fr; height: 1fr;
    }
    DimensionsView #advice { width: 1fr; height: auto; padding: 0 1; }
    DimensionsView #dimensions { height: 1fr; layout: vertical; }
    DimensionsView.beside #dimensions { layout: horizontal; }
    DimensionsView.beside #advice { width: 28; height: 1fr; }
    DimensionsView Traversals { display: none; }
    DimensionsView.cards Traversals { display: block; }
    DimensionsView.cards KlBars { display: none; }
    DimensionsView #history { display: none; }
    DimensionsView.with-history #history { display: block; }
    """

    by_kl: var[bool] = var(True)
    watch_by_kl = View.redraw
    on_resize = View.redraw

    def compose(self) -> ComposeResult:
        """The dimensions as bars or as cards, with advice; below, their history."""
        dimensions = Container(KlBars(), Traversals(), Static(id="advice"), id="dimensions")
        yield Panel("caption", dimensions, id="kl")
        yield Panel("history-caption", KlHistory(), id="history")

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
            self.query_one("#caption", Caption).text = waiting(scene)
            return
        mean_part, variance_part, variance = _measured(scene)
        total = mean_part + variance_part
        order = np.argsort(-total, kind="stable") if self.by_kl else np.arange(len(total))
        parts = KlParts(variance_part.tolist(), mean_part.tolist(), order.tolist(), scene.unicode)
        advice = _advice(scene, total.tolist())
        self.query_one("#advice", Static).update(advice, layout=True)
        self._lay_out(len(total), len(advice))
        history = _history(scene)
        if self.has_class("cards"):
            images = traverse(scene.network, tuple(parts.order[:MOST_CARDS]))
            content = Traversed(parts, images, history, scene.palette)
            self.query_one(Traversals).content = content
        else:
            self.query_one(KlBars).parts = parts
        self._draw_history(history, parts, scene)
        active = int((variance > ACTIVE_VARIANCE).sum())
        self.query_one("#caption", Caption).text = (
            f"[b]KL {total.sum():.1f}[/b] nats · {WEIGHTS} · {_legend(parts)} · "
            f"{active} of {len(total)} active · {len(scene.probe.labels):,} test images"
            f"{_whole_test_set(scene)}"
        )

    def _lay_out(self, dimensions: int, advice: int) -> None:
        """Choose what is shown, by the number of dimensions and the length of the advice."""
        (width, height), (columns, rows) = self.size, frame_of(self)
        if not height:
            return  # not laid out yet
        is_framed = rows > 1
        needs = column_count(dimensions, width, height - rows) * LEAST_CELLS + ADVICE_CELLS
        fits_beside = needs <= width or dimensions <= height - rows + NEARLY
        is_beside = not is_framed and width >= LEAST_CELLS + ADVICE_CELLS and fits_beside
        advice_rows = 0 if is_beside else -(-advice // max(width - columns - 2, 1))
        room = height - rows - advice_rows
        across, down, pixels = layout(width - columns, room, dimensions)
        is_cards = is_framed and across * down >= min(dimensions, MOST_CARDS)
        if is_cards:
            filled = -(-min(dimensions, across * down) // across) * max(pixels // 2, 4) + 1
        else:
            bars = width - columns - ADVICE_CELLS * is_beside
            filled = -(-dimensions // column_count(dimensions, bars, room))
        top = filled + rows + advice_rows
        has_history = height - top >= LEAST_HISTORY + rows
        self.set_class(is_beside, "beside")
        self.set_class(is_cards, "cards")
        self.set_class(has_history, "with-history")
        self.query_one("#kl").styles.height = top if has_history else "1fr"

    def _draw_history(self, history: History | None, parts: KlParts, scene: Scene) -> None:
        heat, caption = self.query_one(KlHistory), self.query_one("#history-caption", Caption)
        heat.palette, heat.order, heat.history = scene.palette, parts.order, history
        scale = f"0 {heat.scale()} {history.largest:.1f} nats" if history else ""
        what = "[b]KL over the training[/b]"
        caption.text = f"{what} · {scale}" if history else f"{what} · after the first test"


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


def _legend(parts: KlParts) -> str:
    """Return what the colours of the bars mean, with the sum of each part."""
    solid, shaded, faint = list(BLOCKS[parts.unicode])
    dead = sum(map(parts.is_dead, parts.order))
    return (
        f"[{MEAN}]{solid}[/] mean {sum(parts.mean):.1f} [{VARIANCE}]{shaded}[/] variance "
        f"{sum(parts.variance):.1f} [{DEAD}]{faint}[/] dead {dead}"
    )


def _history(scene: Scene) -> History | None:
    epochs, *kl = scene.run.kl_of_dimensions.columns
    return History(np.asarray(epochs), np.stack(kl, axis=1)) if kl and len(epochs) else None


def _whole_test_set(scene: Scene) -> str:
    """Return the KL of all test images, which the chart in Train shows, for comparison."""
    tested, started = scene.run.tested, scene.run.started
    if tested is None or scene.is_past:
        return ""
    count = f" {started.test_images:,}" if started and started.test_images else ""
    return f" · all{count}: {tested.test_kl:.1f}"


def _advice(scene: Scene, kl: list[float]) -> str:
    """Return advice for the newest weights, with the reconstruction loss of the newest test."""
    if scene.is_past:
        return "Advice is for the newest weights: press end to return to them."
    results = scene.run.results
    return diagnose(replace(results, kl_per_dimension=kl))[1] if results else ""
