"""Grey pictures side by side, as half-blocks."""

import numpy as np
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import Palette, half_blocks
from vae_tui.terminal.tiles import GAP, scale, tile
from vae_tui.tui.widgets.drawing import Drawing

_NONE: Bytes = np.empty((0, 1, 1), dtype=np.uint8)


class Pictures(Drawing):
    """Draws ``images`` in a grid of ``columns``, each ``pixels`` cells wide and ``gap`` apart."""

    images: var[Bytes] = var(_NONE, always_update=True)
    """uint8 (N, H, W)."""
    pixels: var[int] = var(1)
    columns: var[int] = var(1)
    gap: var[int] = var(GAP)
    """Cells between two columns."""
    palette: var[Palette] = var(Palette.GREYS)

    watch_images = Drawing.redraw
    watch_pixels = Drawing.redraw
    watch_columns = Drawing.redraw
    watch_palette = Drawing.redraw

    def render_line(self, y: int) -> Strip:
        """Return one row; half-blocks define both colours, so the widget's style is not applied."""
        if self.palette is Palette.GREYS and y < len(self.rows):
            return self.rows[y].adjust_cell_length(self.size.width, self.base)
        return super().render_line(y)

    def _draw(self) -> None:
        if not len(self.images) or self.columns < 1 or self.pixels < 1:
            self.show_rows([])
            return
        picture = tile(scale(self.images, self.pixels), self.columns, self.gap)
        rows = half_blocks(picture, self.palette, self.app.theme_variables["picture-ground"])
        self.show_rows([Strip(row, picture.shape[1]) for row in rows])
