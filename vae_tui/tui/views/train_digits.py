"""Beside the charts: digits from fixed z, and test digits over what becomes of them."""

from collections.abc import Sequence

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size

from vae_tui.arrays import Bytes
from vae_tui.latent.codes import samples
from vae_tui.model.numpy_network import Network
from vae_tui.terminal.tiles import widths
from vae_tui.tui.state.other_runs import OVERLAID, Overlay, short_name
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.loss_curves import NAMES
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.pictures import Pictures

SCALES = (1, 0.86, 0.71, 0.57, 0.5, 0.43, 0.36, 0.29)
CAPTIONS = 3
LEAST_COLUMNS = 3


class TrainDigits(Vertical):
    """Shows the same z with whatever weights there are; another run's digits below, if asked."""

    DEFAULT_CSS = """
    TrainDigits { width: 36; margin-left: 1; }
    TrainDigits Pictures { height: 6; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.seed = 0
        self._room = Size(80, 22)
        self._sizes = widths(1, *SCALES)
        self._columns, self._rows = LEAST_COLUMNS, 1
        self._over: bool | None = None
        """Whether the other run's digits stand there; None while no run is laid over this one."""
        self._shows: tuple[object, ...] = ()
        """What the digits on the screen were drawn of."""

    def compose(self) -> ComposeResult:
        """Each block below its caption."""
        yield Caption(id="samples-caption")
        yield Pictures(id="samples")
        yield Caption(id="overlay-caption")
        yield Pictures(id="overlay")
        yield Caption(id="inputs-caption")
        yield Pictures(id="inputs")
        yield Caption(id="copies-caption")
        yield Pictures(id="copies")

    @property
    def count(self) -> int:
        """How many samples fit."""
        return self._columns * self._rows

    @property
    def columns(self) -> int:
        """How many of them are side by side."""
        return self._columns

    def samples(self, network: Network) -> Bytes:
        """Return as many samples of the fixed z as fit, (N, H, W)."""
        return network.decode(samples(network, self.count, self.seed))

    def sample(self, scene: Scene | None) -> None:
        """Draw other z."""
        self.seed += 1
        self.draw(scene)

    def fit(self, room: Size, image_width: int) -> None:
        """Choose the size of the digits for a view of this size."""
        self._room, self._sizes = room, widths(image_width, *SCALES)
        self._lay_out()

    def draw(self, scene: Scene | None) -> None:
        """Draw with the scene's weights; the digits only where those or the images are others."""
        caption = self.query_one("#samples-caption", Caption)
        if scene is None or scene.network is None:
            unreadable = scene.unreadable if scene else ""
            caption.text = (
                f"{unreadable} cannot be read" if unreadable else "digits: with the first weights"
            )
            return
        network = scene.network
        caption.text = f"[b]{WEIGHTS}[/b] · fixed z"
        other = self._make_room(scene.overlay, network)
        shows = (network, other, scene.probe, scene.palette, self.seed, self._columns, self._rows)
        if shows == self._shows:
            return
        self._shows = shows
        self._show("samples", self.samples(network), scene)
        if other is not None:
            self._show("overlay", self.samples(other), scene)
        if scene.probe is not None:
            self._show_copies(scene, network, scene.probe.images[: self._columns])

    def _show_copies(self, scene: Scene, network: Network, images: Bytes) -> None:
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

    def _lay_out(self) -> None:
        """Give every picture its place; the other run's digits take that of the test digits."""
        width, height = self._room
        lines = height - (self._over is False)
        size, columns, rows = digit_layout(width, lines, self._sizes, overlaid=bool(self._over))
        self.styles.width = size * columns
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

    def _show(self, which: str, images: Bytes, scene: Scene) -> None:
        pictures = self.query_one(f"#{which}", Pictures)
        pictures.palette = scene.palette
        pictures.images = images


def digit_layout(
    width: int, height: int, sizes: Sequence[int], *, overlaid: bool = False
) -> tuple[int, int, int]:
    """Return ``(pixels, columns, rows of samples)`` for a view of so many cells.

    Half the width at most is for digits; the largest size is taken that leaves room for
    ``LEAST_COLUMNS`` and, except for the small sizes, for two rows of samples. ``overlaid``: as
    many rows of another run's samples stand where the test digits would.
    """
    room = height - (2 if overlaid else CAPTIONS)
    for pixels in sizes:
        rows = room // (pixels // 2)
        columns = min(width // 2 // pixels, 8)
        is_large = pixels > sizes[0] / 2
        if columns >= LEAST_COLUMNS and rows >= (4 if overlaid or is_large else 3):
            return pixels, columns, rows // 2 if overlaid else rows - 2
    return sizes[-1], max(1, min(width // 2 // sizes[-1], 8)), 1
