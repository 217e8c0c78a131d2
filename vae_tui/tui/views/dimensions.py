"""View 5: KL and activity of each latent dimension, and advice."""

from dataclasses import replace

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.reactive import var
from textual.widgets import Static

from vae_tui.arrays import Floats
from vae_tui.export.output_file import csv_table, write
from vae_tui.latent.diagnosis import ACTIVE_VARIANCE, diagnose
from vae_tui.tui.state.scene import EncodedProbe, Scene
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.dimensions.chosen import CELLS, Chosen, ChosenDimension
from vae_tui.tui.widgets.dimensions.kl_bars import (
    BLOCKS,
    DEAD,
    LEAST_CELLS,
    MEAN,
    VARIANCE,
    DimensionPressed,
    KlBars,
    KlParts,
    column_count,
)
from vae_tui.tui.widgets.dimensions.kl_history import History, KlHistory
from vae_tui.tui.widgets.dimensions.traversals import (
    MOST_CARDS,
    Traversals,
    Traversed,
    layout,
    traverse,
)
from vae_tui.tui.widgets.latent_bars import first_shown, shown_of
from vae_tui.tui.widgets.panel import Panel, frame_of

LEAST_BESIDE = 13
"""Rows of the chosen dimension, beside the bars."""
LEAST_HISTORY = 5
"""Rows of a heat map."""
NAME = "[b]KL by dimension[/b]"


class DimensionsView(View):
    """The KL of each dimension, split in two; active units; advice."""

    TITLE = "Dimensions"
    HELP = (
        "The KL of a dimension, in nats per image, is the sum of two parts: how far the "
        "posterior's mean lies from 0 (mu squared / 2, solid), and how much its variance differs "
        "from 1 ((v - log v - 1) / 2, dim). A dimension near 0 carries no information: it is "
        "dead. Beside the bars, or for every dimension where there is room: images decoded while "
        "one dimension goes from -3 to 3, the others at 0. Below, the KL over the training. "
        "Active units: dimensions whose mean varies by more than 0.01 over the test images."
    )
    BINDINGS = [
        Binding("up", "choose(-1)", "Choose", key_display="↑↓", id="dimensions.up",
                tooltip="Choose a dimension; so does a click"),
        Binding("down", "choose(1)", show=False, id="dimensions.down"),
        Binding("enter", "walk", "Walk", key_display="enter", id="dimensions.walk",
                tooltip="Walk along this dimension; so does a double click"),
        Binding("s", "toggle('by_kl')", "Sort", id="dimensions.sort",
                tooltip="Sort by KL, or by number"),
    ]  # fmt: skip
    SCOPED_CSS = False  # as Panel
    DEFAULT_CSS = """
    DimensionsView #kl, DimensionsView #history { width: 1fr; height: 1fr; }
    DimensionsView KlBars, DimensionsView Traversals, DimensionsView KlHistory {
        width: 1fr; height: 1fr;
    }
    DimensionsView #dimensions { height: 1fr; layout: vertical; }
    DimensionsView #beside { width: 1fr; height: auto; }
    DimensionsView #advice { width: 1fr; height: auto; padding: 0 1; }
    DimensionsView ChosenDimension { display: none; width: 1fr; height: 1fr; }
    DimensionsView.beside #dimensions { layout: horizontal; }
    DimensionsView.beside #beside { width: 36; height: 1fr; margin-left: 1; }
    DimensionsView.beside ChosenDimension { display: block; }
    DimensionsView Traversals { display: none; }
    DimensionsView.cards Traversals { display: block; }
    DimensionsView.cards KlBars { display: none; }
    DimensionsView #history { display: none; }
    DimensionsView.with-history #history { display: block; }
    """

    by_kl: var[bool] = var(True)
    chosen: var[int] = var(-1)
    """The dimension of the cursor; -1 for the first one shown."""
    watch_by_kl = View.redraw
    watch_chosen = View.redraw
    on_resize = View.redraw

    def compose(self) -> ComposeResult:
        """The dimensions as bars or as cards, the chosen one, advice; below, their history."""
        beside = Vertical(ChosenDimension(), Static(id="advice"), id="beside")
        yield Panel(
            "caption",
            Container(KlBars(), Traversals(), beside, id="dimensions"),
            id="kl",
            is_main=True,
        )
        yield Panel("history-caption", KlHistory(), id="history")

    def on_dimension_pressed(self, message: DimensionPressed) -> None:
        """Choose the dimension that was clicked; walk along it after a double click."""
        self.chosen = message.dimension
        if message.is_double:
            self._walk(message.value or 0.0)

    def action_choose(self, steps: int) -> None:
        """Choose the dimension ``steps`` places further down."""
        if self.scene is not None and self.scene.encoded:
            order = self._order(self.scene)
            place = order.index(self._chosen(order)) + steps
            self.chosen = order[min(max(place, 0), len(order) - 1)]

    def action_walk(self) -> None:
        """Walk along the chosen dimension."""
        self._walk(0.0)

    def _walk(self, value: float) -> None:
        if self.scene is not None and (encoded := self.scene.encoded):
            dimension = self._chosen(self._order(self.scene))
            code = np.zeros(encoded.network.latent_dim, np.float32)
            code[dimension] = value
            self.post_message(self.WalkRequested(code, "all z 0", dimension))

    def _order(self, scene: Scene) -> list[int]:
        """Return the dimensions from top to bottom; needs a network."""
        return scene.by_kl if self.by_kl else sorted(scene.by_kl)

    def _chosen(self, order: list[int]) -> int:
        return self.chosen if self.chosen in order else order[0]

    def command(self, run: str) -> str | None:
        """Return the command that prints these numbers."""
        return f"vae-tui eval {run}{self.scene.step_option}" if self.scene else None

    def export(self) -> Export | None:
        """Return the numbers of each dimension as a CSV."""
        scene = self.scene
        if scene is None or (encoded := scene.encoded) is None:
            return None
        name = f"dimensions-step{encoded.network.step}.csv"
        return Export(name, lambda path: write(path, _csv(*_measured(encoded))))

    def _draw(self, scene: Scene) -> None:
        if (encoded := scene.encoded) is None:
            self.query_one("#caption", Caption).text = f"{NAME}: {waiting(scene)}"
            return
        mean_part, variance_part, variance = _measured(encoded)
        total, order = mean_part + variance_part, self._order(scene)
        chosen = self._chosen(order)
        parts = KlParts(variance_part.tolist(), mean_part.tolist(), order, scene.palette, chosen)
        advice = self._advice(scene, total.tolist())
        self.query_one("#advice", Static).update(advice, layout=True)
        card_columns, card_rows = self._lay_out(len(total), len(advice))
        history, hidden = _history(scene), ""
        if self.has_class("cards"):
            first = first_shown(order, chosen, card_columns, card_rows)
            shown = tuple(order[first : first + card_columns * card_rows])
            images = traverse(encoded.network, shown)
            self.query_one(Traversals).content = Traversed(parts, images, history, first)
            if len(shown) < len(order):
                hidden = f" · {shown_of(first, len(shown), order)} shown"
        else:
            self.query_one(KlBars).parts = parts
            images = traverse(encoded.network, (chosen,))[0]
            self.query_one(ChosenDimension).content = Chosen(parts, images)
        self._draw_history(history, parts, scene)
        active = int((variance > ACTIVE_VARIANCE).sum())
        self.query_one("#caption", Caption).text = (
            f"{NAME} · {WEIGHTS} · {_legend(parts)} · "
            f"{active} of {len(total)} active{hidden} · {total.sum():.1f} nats of "
            f"{len(encoded.probe.labels):,} test images{_whole_test_set(scene)}"
        )

    def _lay_out(self, dimensions: int, advice: int) -> tuple[int, int]:
        """Choose what is shown, by the number of dimensions and the length of the advice.

        Returns columns and rows of the cards.
        """
        (width, height), (columns, rows) = self.size, frame_of(self)
        if not height:
            return 1, 1  # not laid out yet
        inside, most = width - columns, height - rows
        below = -(-advice // max(inside - 2, 1))
        across, down, pixels = layout(inside, most - below, dimensions)
        is_cards = rows > 1 and across * down >= min(dimensions, MOST_CARDS)
        is_beside = not is_cards and inside >= LEAST_CELLS + 1 + CELLS
        advice_rows = -(-advice // (CELLS - 2)) + 1 if is_beside else below
        if is_cards:
            filled = down * max(pixels // 2, 4) + 1 + below
        elif is_beside:
            bars = column_count(dimensions, inside - CELLS - 1, most)
            filled = max(-(-dimensions // bars), LEAST_BESIDE + advice_rows)
        else:
            filled = -(-dimensions // column_count(dimensions, inside, most - below)) + below
        has_history = height - filled - rows >= LEAST_HISTORY + rows
        self.set_class(is_beside, "beside")
        self.set_class(is_cards, "cards")
        self.set_class(has_history, "with-history")
        self.query_one("#kl").styles.height = filled + rows if has_history else "1fr"
        return across, down

    def _advice(self, scene: Scene, kl: list[float]) -> str:
        """Return advice for the newest weights, with the loss of the newest test."""
        if scene.is_past:
            return f"Advice is for the newest weights: {self.key_of('app.now')} returns to them."
        results = scene.run.results
        return diagnose(replace(results, kl_per_dimension=kl))[1] if results else ""

    def _draw_history(self, history: History | None, parts: KlParts, scene: Scene) -> None:
        heat, caption = self.query_one(KlHistory), self.query_one("#history-caption", Caption)
        heat.palette, heat.order, heat.history = scene.palette, parts.order, history
        scale = f"0 {heat.scale()} {history.largest:.1f} nats" if history else ""
        what = "[b]KL over the training[/b]"
        caption.text = f"{what} · {scale}" if history else f"{what} · after the first test"


def _measured(encoded: EncodedProbe) -> tuple[Floats, Floats, Floats]:
    """Return both parts of the KL in nats and the variance of the mean, each (d,)."""
    return *encoded.kl_parts, encoded.means.var(0)


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
    solid, second, faint = list(BLOCKS[parts.palette])
    legend = (
        f"[{MEAN}]{solid}[/] mean {sum(parts.mean):.1f} "
        f"[{VARIANCE}]{second}[/] variance {sum(parts.variance):.1f}"
    )
    dead = sum(map(parts.is_dead, parts.order))
    return f"{legend} [{DEAD}]{faint}[/] {dead} dead" if dead else legend


def _history(scene: Scene) -> History | None:
    epochs, *kl = scene.run.kl_of_dimensions.columns
    return History(np.asarray(epochs), np.stack(kl, axis=1)) if kl and len(epochs) else None


def _whole_test_set(scene: Scene) -> str:
    """Return the KL of all test images, which the chart in Train shows, for comparison."""
    tested, started = scene.run.tested, scene.run.started
    if tested is None or scene.is_past:
        return ""
    count = f" {started.test_images:,}" if started and started.test_images else ""
    return f" · {tested.test_kl:.1f} of all{count}"
