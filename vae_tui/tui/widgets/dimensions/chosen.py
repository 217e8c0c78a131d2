"""The chosen dimension: its KL, and digits decoded while it alone is not 0."""

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.text import Text
from textual.events import Click
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import side_by_side
from vae_tui.terminal.tiles import GAP, fitting, scale
from vae_tui.tui.widgets.dimensions.kl_bars import DimensionPressed, KlParts
from vae_tui.tui.widgets.dimensions.traversals import VALUES
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import GRID_SIZES

CELLS = 36
"""Width of the widget."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The content; the dimension is ``parts.chosen``."""

    parts: KlParts
    images: Bytes
    """uint8 (5, H, W): at each of `VALUES`."""


def digits_layout(width: int, height: int) -> tuple[int, int]:
    """Return columns and cells of the largest digits that all fit below the title, or 0 and 0."""
    for pixels in GRID_SIZES:
        columns = min(fitting(width - 1, pixels), len(VALUES))
        if columns and -(-len(VALUES) // columns) * (pixels // 2 + 1) < height:
            return columns, pixels
    return 0, 0


class ChosenDimension(Drawing):
    """Draws ``content``: a title, then the digits with their values below them."""

    content: var[Chosen | None] = var(None)
    watch_content = Drawing.redraw

    def on_click(self, event: Click) -> None:
        """Report the digit that was clicked."""
        columns, pixels = digits_layout(*self.size)
        if self.content is None or not columns or event.y < 1:
            return
        column = min(max(event.x - 1, 0) // (pixels + GAP), columns - 1)
        place = (event.y - 1) // (pixels // 2 + 1) * columns + column
        if place < len(VALUES):
            chosen = self.content.parts.chosen
            self.post_message(DimensionPressed(chosen, VALUES[place], event.chain == 2))

    def _draw(self) -> None:
        content = self.content
        if content is None or not self.size.height:
            self.show_rows([])
            return
        parts = content.parts
        name = f"z{parts.chosen + 1}"
        title = Text.assemble(" ", (name, "here"), (" alone, the others 0", "quiet"))
        rows = [self.strip(title)]
        columns, pixels = digits_layout(*self.size)
        ground, quiet = self.picture_ground, self.app.console.get_style("quiet")
        images = scale(content.images, pixels) if pixels else content.images
        for first in range(0, len(VALUES), columns) if columns else ():
            members = np.arange(first, min(first + columns, len(VALUES)))
            for row in side_by_side(images[members], GAP, parts.palette, ground):
                rows.append(Strip([Segment(" "), *row]))
            values = " ".join(f"{VALUES[member]:g}".center(pixels) for member in members)
            rows.append(Strip([Segment(f" {values}", quiet)]))
        self.show_rows(rows)
