"""The test image nearest to a picture, with its class."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import var

from vae_tui.arrays import Bytes
from vae_tui.latent.nearest import nearest
from vae_tui.text import cut
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import Pictures

LINES = 5
"""Rows of text beside or below the picture."""
TEXT_CELLS = 13


class Neighbour(Container):
    """Shows the nearest test image in ``pixels`` cells, and its text beside or below it."""

    DEFAULT_CSS = """
    Neighbour { width: auto; height: auto; layout: horizontal; }
    Neighbour Drawing { width: 13; height: 5; color: $quiet; }
    Neighbour Pictures { margin-right: 1; }
    """

    pixels: var[int] = var(14)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
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
        if (probe := scene.probe) is None:
            return
        index, error = nearest(probe, picture)
        self._picture.palette = scene.palette
        self._picture.images = probe.images[index : index + 1]
        lines = [Text(words) for words in ("nearest", "test image", "by pixels")]
        name = cut(probe.classes[probe.labels[index]], TEXT_CELLS)
        strong = Text.assemble((name, "strong"))  # not Text's own style, which is lost
        self._text.show_text([*lines, strong, Text(f"#{index} err {error:.0f}")])
