"""The test images nearest to a picture, with their classes."""

from dataclasses import dataclass
from textwrap import wrap

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.reactive import var

from vae_tui.arrays import Bytes
from vae_tui.latent.nearest import nearest, ranked
from vae_tui.text import cut
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import Pictures

LINES = 5
"""Rows of text beside or below the picture."""
TEXT_CELLS = 13
ROW_CELLS, ROW_PIXELS = 16, 12
"""Width of a picture of a row, with its gutter and without."""


class Neighbour(Container):
    """Shows the nearest test image in ``pixels`` cells, and its text beside or below it."""

    DEFAULT_CSS = """
    Neighbour { width: auto; height: auto; layout: horizontal; }
    Neighbour Drawing { width: 13; height: 5; color: $quiet; }
    Neighbour Pictures { margin-right: 1; }
    """

    pixels: var[int] = var(14)

    def __init__(self) -> None:
        super().__init__()
        self._picture, self._text = Pictures(id="nearest"), Drawing(id="nearest-text")

    def compose(self) -> ComposeResult:
        """Yield the picture and the text."""
        yield self._picture
        yield self._text

    def watch_pixels(self, pixels: int) -> None:
        """Make room for a picture of this size."""
        self._picture.pixels = pixels
        self._picture.styles.width, self._picture.styles.height = pixels, pixels // 2

    def show(self, picture: Bytes, scene: Scene) -> None:
        """Show the test image nearest to a picture (H, W); nothing without test images."""
        if (probe := scene.probe) is None or not self.display:
            return
        index, error = nearest(probe, picture)
        self._picture.palette = scene.palette
        self._picture.images = probe.images[index : index + 1]
        name = wrap(probe.class_name(index), TEXT_CELLS)
        is_short = len(name) < 2
        about = (
            ("nearest", "test image", "by pixels") if is_short else ("nearest image", "by pixels")
        )
        # A style of Text as a whole would be lost.
        strong = [Text.assemble((cut(line, TEXT_CELLS), "strong")) for line in name[:2]]
        error_line = Text(f"#{index} err {error:.0f}")
        self._text.show_text([*map(Text, about), *strong, error_line])


class NeighbourRow(Vertical):
    """Shows as many of the nearest test images side by side as fit, in eight rows."""

    DEFAULT_CSS = """
    NeighbourRow { height: 8; }
    NeighbourRow Drawing { height: 1; color: $quiet; }
    NeighbourRow Pictures { height: 6; }
    """

    @dataclass
    class Pressed(Message):
        """The test image with this index was clicked."""

        image: int

    def __init__(self) -> None:
        super().__init__()
        self._images: list[int] = []
        self._shown: tuple[Bytes, Scene] | None = None
        self._title, self._pictures = Drawing(), Pictures(id="neighbours")
        self._numbers = Drawing(id="neighbour-numbers")

    def compose(self) -> ComposeResult:
        """Yield title, pictures and numbers."""
        yield self._title
        yield self._pictures
        yield self._numbers

    def on_resize(self) -> None:
        """Show as many as fit now."""
        if self._shown is not None:
            self.show(*self._shown)

    def show(self, picture: Bytes, scene: Scene) -> None:
        """Show the test images nearest to a picture (H, W); nothing without test images."""
        self._shown = picture, scene
        if (probe := scene.probe) is None or not self.display or not self.size:
            return
        columns = max(self.size.width // ROW_CELLS, 1)
        found = ranked(probe, picture, columns)
        self._images = [index for index, _ in found]
        pictures = self._pictures
        pictures.palette, pictures.margins = scene.palette, (1, 0)
        pictures.pixels, pictures.gap = ROW_PIXELS, ROW_CELLS - ROW_PIXELS
        pictures.columns, pictures.images = columns, probe.images[self._images]
        self._title.show_text([Text(" nearest test images by pixels")])
        line = Text(" ", no_wrap=True)
        for index, error in found:
            name = cut(probe.class_name(index), 5)
            rest = f" #{index} err {error:.0f}"
            line.append(name, "strong").append(rest.ljust(ROW_CELLS - len(name)))
        line.rstrip()
        self._numbers.show_text([line])

    def on_pictures_pressed(self, message: Pictures.Pressed) -> None:
        """Report which test image was clicked."""
        message.stop()
        self.post_message(self.Pressed(self._images[message.index]))
