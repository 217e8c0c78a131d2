"""Digits beside the charts: from fixed z, and test images over their reconstructions."""

from collections.abc import Sequence
from functools import lru_cache

from rich.markup import escape
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size

from vae_tui.arrays import Bytes, Floats
from vae_tui.image_shape import ImageShape
from vae_tui.latent.codes import samples
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.run.series import RECONSTRUCTION_TERMS
from vae_tui.terminal.tiles import GAP, fitting, is_light_at_border, widths
from vae_tui.text import cut
from vae_tui.tui.state.other_runs import LONGEST_NAME, Overlay
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures

SCALES = (1, 0.86, 0.71, 0.57, 0.5, 0.43, 0.36, 0.29)
LEAST_COLUMNS, MOST_COLUMNS = 3, 8
LEAST_FOR_UNIT = 14
"""Cells of a digit from which on the unit of its loss fits beside the number."""
LARGE_WITH_GAP = 0.43
"""Share of the full size from which on, with gaps, two rows of samples are preferred."""
COMING = {"samples": "samples appear here", "copies": "reconstructed images appear here"}
"""What the pictures say before the first weights of a live run."""
WIDE = 80
"""Cells of room for digits from which on there is one more column at least."""


class TrainDigits(Vertical):
    """Decodes the same z with each new weights, and with those of an overlaid run."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    TrainDigits { width: 36; min-width: 30; margin: 0 1; }
    TrainDigits Pictures { height: 6; }
    .framed TrainDigits { width: 46%; margin: 0; }
    .framed TrainDigits #tests, .framed TrainDigits #other { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.seed = 0
        self._room: tuple[Size, ImageShape, tuple[int, int], bool] | None = None
        """The size of the view, the shape of the images, what a frame takes, and whether the
        pictures need gaps between rows."""
        self._pixels, self.columns, self._rows = 1, LEAST_COLUMNS, 1
        self._shows_other: bool | None = None
        """Whether the other run's digits are shown; None without an overlay."""
        self._shows: tuple[object, ...] = ()
        """What the digits on the screen were drawn from."""

    def compose(self) -> ComposeResult:
        """Samples, those of the other run, test images over their reconstructions."""
        yield Panel("samples-caption", Pictures(id="samples"))
        yield Panel("overlay-caption", Pictures(id="overlay"), id="other")
        copies = Pictures(id="copies"), Caption(id="errors")
        yield Panel("inputs-caption", Pictures(id="inputs"), *copies, id="tests")

    @property
    def count(self) -> int:
        """How many samples fit."""
        return self.columns * self._rows

    def codes(self, network: Network) -> Floats:
        """Return as many of the fixed z as digits fit, (N, d)."""
        return samples(network, self.count, self.seed)

    def fit(self, room: Size, scene: Scene) -> None:
        """Choose the size of the digits for a view of this size."""
        shape, probe = scene.run.config.image_shape, scene.probe
        # Digits on black get a gap only where it is free; images in colour are often on white.
        needs_gap = shape.channels == 3 or (probe is not None and _is_light(probe))
        found = room, shape, frame_of(self), needs_gap
        if found != self._room:
            self._room = found
            self._resize_pictures()

    def draw(self, scene: Scene) -> None:
        """Draw a scene; the digits only if weights, images or sizes changed."""
        caption, network = self.query_one("#samples-caption", Caption), scene.network
        if network is None:
            caption.text = f"[b]Samples[/b]: {waiting(scene)}"
            for name, words in COMING.items():
                self.query_one(f"#{name}", Pictures).nothing = words if scene.run.live else ""
            self._show_inputs(scene)
            return
        caption.text = f"[b]Samples, same z[/b] · {WEIGHTS}"
        other = self._make_room(scene.overlay, network)
        room = self._pixels, self.columns, self._rows
        shows = (network, other, scene.probe, scene.palette, self.seed, room)
        if shows == self._shows:
            return
        self._shows = shows
        self._show("samples", network.decode(self.codes(network)), scene)
        if other is not None:
            self._show("overlay", other.decode(self.codes(other)), scene)
        if (images := self._show_inputs(scene)) is not None:
            self._show_copies(scene, network, images)

    def _show_inputs(self, scene: Scene) -> Bytes | None:
        """Show the first test images, if they are known, and return them."""
        if scene.probe is None:
            return None
        images = scene.probe.images[: self.columns]
        self._show("inputs", images, scene)
        self.query_one("#inputs-caption", Caption).text = "[b]Test images[/b]"
        return images

    def _show_copies(self, scene: Scene, network: Network, images: Bytes) -> None:
        kind = scene.run.config.reconstruction
        copies, losses = network.reconstruct(images, kind)
        self._show("copies", copies, scene)
        arrow = "→" if scene.unicode else "->"
        term = RECONSTRUCTION_TERMS[kind].label
        title = f"[b]Test images {arrow} reconstructions[/b] · {term} at mean"
        self.query_one("#inputs-caption", Caption).text = title
        numbers = (f"{loss:.0f}".center(self._pixels) for loss in losses)
        line = (" " * GAP).join(numbers)
        unit = " nats" if self._pixels >= LEAST_FOR_UNIT else ""
        self.query_one("#errors", Caption).text = line.rstrip() + unit

    def _make_room(self, overlay: Overlay | None, network: Network) -> Network | None:
        """Show the name of the overlaid run; return its weights if its digits can be shown."""
        over, other = None, None
        if overlay is not None:
            why = overlay.why_no_digits(network)
            over, other = not why, None if why else overlay.network
            step = f"step {other.step:,} · same z" if other is not None else why
            name = escape(cut(overlay.run.name, LONGEST_NAME))
            caption = self.query_one("#overlay-caption", Caption)
            caption.text = f"[b][{overlay.role}]{name}[/][/b] · {escape(step)}"
        if over != self._shows_other:
            self._shows_other = over
            self._resize_pictures()
        return other

    def _resize_pictures(self) -> None:
        """Size the pictures; an overlaid run's digits replace the test images."""
        assert self._room is not None
        room, shape, (frame_columns, frame_rows), needs_gap = self._room
        panels = 3 if self._shows_other is False else 2
        width = room.width // 2 - frame_columns
        height = room.height - panels * frame_rows - (not self._shows_other)
        sizes = widths(shape.width, *SCALES)
        gap = int(needs_gap)
        size, columns, rows = digit_layout(
            width, height, sizes, overlaid=bool(self._shows_other), gap=gap
        )
        self.styles.width = (size + GAP) * columns - GAP + frame_columns
        all_rows = 2 * rows if self._shows_other else rows + 2
        spare = height - all_rows * size // 2
        gap = int(spare >= all_rows - 2)
        for name in ("samples", "overlay", "inputs", "copies"):
            pictures = self.query_one(f"#{name}", Pictures)
            pictures.pixels, pictures.columns = size, columns
            pictures.row_gap, pictures.margins = gap, (0, gap if name == "copies" else 0)
            down = rows if name in ("samples", "overlay") else 1
            pictures.styles.height = down * (size // 2 + gap) - gap + pictures.margins[1]
        self.query_one("#other").display = self._shows_other is not None
        self.query_one("#overlay").display = bool(self._shows_other)
        self.query_one("#tests").display = not self._shows_other
        self._pixels, self.columns, self._rows = size, columns, rows

    def _show(self, which: str, images: Bytes, scene: Scene) -> None:
        pictures = self.query_one(f"#{which}", Pictures)
        pictures.palette = scene.palette
        pictures.images = images


@lru_cache(maxsize=2)
def _is_light(probe: Probe) -> bool:
    """Return whether the test images are light at their border; cached, as it takes 10 ms."""
    return is_light_at_border(probe.images)


def digit_layout(
    width: int, height: int, sizes: Sequence[int], *, overlaid: bool = False, gap: int = 0
) -> tuple[int, int, int]:
    """Return ``(pixels, columns, rows of samples)`` for digits in ``width`` x ``height`` cells.

    Two rows are left for test images and reconstructions. The size is the largest with
    ``LEAST_COLUMNS`` columns, one more from `WIDE` cells on, and, except for small sizes, two rows
    of samples. ``overlaid``: the other run's samples, as many rows, replace the test images.
    ``gap``: rows between two pictures of a panel, if that is possible.
    """
    least = LEAST_COLUMNS + (width >= WIDE)
    for pixels in sizes:
        rows = (height + 2 * gap) // (pixels // 2 + gap)
        columns = min(fitting(width, pixels), MOST_COLUMNS)
        is_large = pixels > sizes[0] * (LARGE_WITH_GAP if gap else 0.5)
        if columns >= least and rows >= (4 if overlaid or is_large else 3):
            return pixels, columns, rows // 2 if overlaid else rows - 2
    return sizes[-1], max(1, min(fitting(width, sizes[-1]), MOST_COLUMNS)), 1
