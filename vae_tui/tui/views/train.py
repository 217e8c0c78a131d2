"""View 1: the losses as charts, live digits, inputs over reconstructions."""

from collections.abc import Sequence

from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.geometry import Size
from textual.reactive import var

from vae_tui.explorer import samples
from vae_tui.images import write_digits
from vae_tui.network import Bytes, Network
from vae_tui.tui.chart import Level, Series
from vae_tui.tui.curves import (
    NAMES,
    kl_curves,
    overlay_curves,
    reconstruction_curves,
    reconstruction_levels,
)
from vae_tui.tui.history import RunView
from vae_tui.tui.overlay import OVERLAID, Overlay, short_name
from vae_tui.tui.views.view import Export, Scene, View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.loss_chart import LossChart, Plot
from vae_tui.tui.widgets.pictures import Pictures

SIZES = (28, 24, 20, 16, 14, 12, 10, 8)
CAPTIONS = 3
LEAST_COLUMNS = 3
CURSOR_STEPS = 100
"""The cursor moves by this part of the run."""


class TrainView(View):
    """BCE and KL, digits from fixed z, and what becomes of test digits."""

    TITLE = "Train"
    HELP = (
        "Losses in nats per image: the line is the training data, points are the test set with z "
        "sampled. floor: a perfect copy of the test digits. collapse: the mean digit for every "
        "input, nothing learnt of any. untrained: before the first step. The digits below come "
        "from the same z all the time, so that you see them sharpen; z's are drawn anew with "
        "space. A run laid over this one (view 6, x) has its losses on the same axes, and its "
        "digits of the same z where the test digits were."
    )
    BINDINGS = [
        Binding("l", "turn('log_axis')", "Log", id="train.log", tooltip="Logarithmic loss axis"),
        Binding("s", "turn('smooth')", "Smooth", id="train.smooth",
                tooltip="Smoothed line over the raw one"),
        Binding("z", "turn('recent')", "Zoom", id="train.recent",
                tooltip="The newest quarter of the run, or all of it"),
        Binding("h", "turn('reading')", "Cursor", id="train.cursor",
                tooltip="Read values off the charts; left and right move"),
        Binding("left", "move(-1)", show=False, id="train.left"),
        Binding("right", "move(1)", show=False, id="train.right"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    TrainView { layout: horizontal; }
    TrainView #charts { width: 1fr; }
    TrainView LossChart { height: 1fr; }
    TrainView #digits { width: 36; margin-left: 1; }
    TrainView Pictures { height: 6; }
    """

    log_axis: var[bool] = var(False)
    smooth: var[bool] = var(False)
    recent: var[bool] = var(False)
    reading: var[bool] = var(False)
    cursor_share: var[float] = var(1.0)
    """Where the cursor is, as a share of the run so far."""
    seed: var[int] = var(0)

    def compose(self) -> ComposeResult:
        """Charts at the left, digits at the right."""
        with Vertical(id="charts"):
            yield Caption(id="losses")
            yield LossChart(id="reconstruction")
            yield LossChart(id="kl")
        with Vertical(id="digits"):
            yield Caption(id="samples-caption")
            yield Pictures(id="samples")
            yield Caption(id="overlay-caption")
            yield Pictures(id="overlay")
            yield Caption(id="inputs-caption")
            yield Pictures(id="inputs")
            yield Caption(id="copies-caption")
            yield Pictures(id="copies")

    def on_mount(self) -> None:
        """Say what is awaited."""
        self._draw_digits()

    def watch_scene(self, before: Scene | None, scene: Scene | None) -> None:
        """Redraw the charts, and the digits when weights or images are others."""
        if scene is None or not self.is_mounted:
            return
        was, now = (
            one and (one.run, one.is_past and one.network, one.overlay and one.overlay.run)
            for one in (before, scene)
        )
        if was != now and not scene.run.unread:
            self._draw_charts()
        self._draw_digits()

    def sample(self) -> None:
        """Draw other z."""
        self.seed += 1
        self._draw_digits()

    def action_turn(self, name: str) -> None:
        """Turn a way of drawing on or off."""
        setattr(self, name, not getattr(self, name))
        self._draw_charts()

    def action_move(self, steps: int) -> None:
        """Move the cursor, which shows itself."""
        self.reading = True
        share = round(self.cursor_share * CURSOR_STEPS + steps) / CURSOR_STEPS
        self.cursor_share = min(1.0, max(0.0, share))
        self._draw_charts()

    def on_resize(self, event: Resize) -> None:
        """Choose the size of the digits."""
        self._room = event.size
        self._lay_out()
        self._draw_digits()

    _room = Size(80, 22)
    _columns, _rows = LEAST_COLUMNS, 1
    _over: "bool | None" = None
    """Whether the other run's digits stand there; None while no run is laid over this one."""
    _shows: tuple[object, ...] = ()
    """What the digits on the screen were drawn of."""

    def _lay_out(self) -> None:
        """Give every picture its place; the other run's digits take that of the test digits."""
        width, height = self._room
        lines = height - (self._over is False)
        size, columns, rows = digit_layout(width, lines, overlaid=bool(self._over))
        self.query_one("#digits").styles.width = size * columns
        for name in ("samples", "overlay", "inputs", "copies"):
            pictures = self.query_one(f"#{name}", Pictures)
            pictures.pixels, pictures.columns = size, columns
            is_block = name in ("samples", "overlay")
            pictures.styles.height = (rows if is_block else 1) * size // 2
            if name != "samples":
                pictures.display = bool(self._over) == (name == "overlay")
        self.query_one("#overlay-caption").display = self._over is not None
        for name in ("inputs", "copies"):
            self.query_one(f"#{name}-caption").display = not self._over
        self._columns, self._rows = columns, rows

    def _draw_charts(self) -> None:
        if self.scene is None:
            return
        run = self.scene.run
        name = NAMES[run.config.reconstruction]
        kl_name = "KL nats/image" if run.config.model == "vae" else "KL (not in the loss)"
        self._draw_losses(run)
        how = {"smooth": self.smooth, "recent": self.recent}
        levels = reconstruction_levels(run)
        over, kl_over = self._overlay_curves()
        curves = (*over, *reconstruction_curves(run, **how))
        self._plot("reconstruction", f"{name} nats/image", curves, levels)
        self._plot("kl", kl_name, (*kl_over, *kl_curves(run, **how)), ())

    def _overlay_curves(self) -> tuple[Sequence[Series], Sequence[Series]]:
        """Return the curves of the run laid over this one: reconstruction and KL."""
        assert self.scene is not None
        run, overlay = self.scene.run, self.scene.overlay
        if overlay is None or overlay.run.unread:
            return (), ()
        how = {"smooth": self.smooth, "recent": self.recent}
        return (
            overlay_curves("reconstruction", run, overlay.run, **how),
            overlay_curves("kl", run, overlay.run, **how),
        )

    def _draw_losses(self, run: RunView) -> None:
        """Write the newest test loss as a whole, with each estimator's name."""
        caption, tested = self.query_one("#losses", Caption), run.tested
        if tested is None:
            caption.text = "no test loss yet"
        elif run.config.model == "ae":
            caption.text = f"[b]test {run.last_test_loss:.1f}[/b] z = mean"
        else:
            at_mean = tested.test_bce_at_mean + tested.test_kl
            beta = "" if run.beta == 1 else f"beta {run.beta:g} · "
            caption.text = (
                f"[b]test {run.last_test_loss:.1f}[/b] z sampled · {beta}{at_mean:.1f} z = mean · "
                f"best {run.best_test_loss:.1f}"
            )

    def _plot(
        self, which: str, title: str, series: Sequence[Series], levels: Sequence[Level]
    ) -> None:
        assert self.scene is not None
        run = self.scene.run
        self.query_one(f"#{which}", LossChart).plot = Plot(
            title,
            series,
            levels,
            marks=run.changes,
            cursor=self._cursor(self.scene),
            log=self.log_axis,
            ascii_only=not self.scene.unicode,
        )

    def _cursor(self, scene: Scene) -> float | None:
        """Return the epoch of the cursor: where the user reads, or the weights are from."""
        started = scene.run.started
        if scene.is_past and scene.network is not None and started is not None:
            return scene.network.step / max(started.steps_per_epoch, 1)
        return self.cursor_share * scene.run.epoch if self.reading else None

    def _draw_digits(self) -> None:
        scene = self.scene
        caption = self.query_one("#samples-caption", Caption)
        if scene is None or scene.network is None:
            unreadable = scene.unreadable if scene else ""
            caption.text = (
                f"{unreadable} cannot be read" if unreadable else "digits: with the first weights"
            )
            return
        network = scene.network
        caption.text = f"[b]{scene.weights}[/b] · fixed z"
        other = self._make_room(scene.overlay, network)
        shows = (network, other, scene.probe, scene.palette, self.seed, self._columns, self._rows)
        if shows == self._shows:
            return
        self._shows = shows
        self._show("samples", self._samples(network), scene)
        if other is not None:
            self._show("overlay", self._samples(other), scene)
        if scene.probe is None:
            return
        images = scene.probe.images[: self._columns]
        kind = scene.run.config.reconstruction
        copies, losses = network.reconstruct(images, kind)
        self._show("inputs", images, scene)
        self._show("copies", copies, scene)
        self.query_one("#inputs-caption", Caption).text = "[b]inputs[/b] · test digits, and below"
        numbers = " · ".join(f"{loss:.0f}" for loss in losses)
        self.query_one(
            "#copies-caption", Caption
        ).text = f"[b]reconstructed[/b] {NAMES[kind]} {numbers}"

    def _make_room(self, overlay: Overlay | None, network: Network) -> Network | None:
        """Name the run laid over this one; return its weights if its digits can be shown."""
        over, other = None, None
        if overlay is not None:
            why = overlay.why_no_digits(network)
            over, other = not why, None if why else overlay.network
            step = f"step {other.step:,} · same z" if other is not None else why
            name = escape(short_name(overlay.run.name))
            self.query_one(
                "#overlay-caption", Caption
            ).text = f"[b {OVERLAID}]{name}[/] · {escape(step)}"
        if over != self._over:
            self._over = over
            self._lay_out()
        return other

    def export(self) -> Export | None:
        """Return the samples of the fixed z as a PNG."""
        network = self.scene.network if self.scene else None
        if network is None:
            return None
        pictures, columns = self._samples(network), self._columns
        return Export(
            f"fixed-z-step{network.step}.png",
            lambda path: write_digits(path, pictures, columns, f"step {network.step}"),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws the samples of the fixed z."""
        if self.scene is None or self.scene.network is None:
            return None
        count = self._columns * self._rows
        return f"vae-tui sample {run} -n {count} --seed {self.seed}{self.scene.step_option}"

    def _samples(self, network: Network) -> Bytes:
        return network.decode(samples(network, self._columns * self._rows, self.seed))

    def _show(self, which: str, images: Bytes, scene: Scene) -> None:
        pictures = self.query_one(f"#{which}", Pictures)
        pictures.palette = scene.palette
        pictures.images = images


def digit_layout(width: int, height: int, *, overlaid: bool = False) -> tuple[int, int, int]:
    """Return ``(pixels, columns, rows of samples)`` for a view of so many cells.

    Half the width at most is for digits; the largest size is taken that leaves room for
    ``LEAST_COLUMNS`` and, except for the small sizes, for two rows of samples. ``overlaid``: as
    many rows of another run's samples stand where the test digits would.
    """
    room = height - (2 if overlaid else CAPTIONS)
    for pixels in SIZES:
        rows = room // (pixels // 2)
        columns = min(width // 2 // pixels, 8)
        if columns >= LEAST_COLUMNS and rows >= (4 if overlaid or pixels > 14 else 3):
            return pixels, columns, rows // 2 if overlaid else rows - 2
    return SIZES[-1], max(1, min(width // 2 // SIZES[-1], 8)), 1
