"""Pictures side by side, as half-blocks, with gutters between them and one of them framed."""

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import Palette, Row, half_blocks
from vae_tui.terminal.tiles import GAP, scale
from vae_tui.tui.widgets.drawing import Drawing, overlaid

_NONE: Bytes = np.empty((0, 1, 1), dtype=np.uint8)
GRID_SIZES = range(28, 7, -2)
"""Widths in cells of the small pictures of a grid, the largest first."""
FRAMES = {
    Palette.TRUECOLOR: "▗▖▝▘▐▌▄▀",
    Palette.COLOURS_256: "▗▖▝▘▐▌▄▀",
    Palette.SHADES: "╭╮╰╯││──",
    Palette.ASCII: "++++||--",
}
"""The four corners of the frame, its left and right side, its upper and lower edge."""


class Pictures(Drawing):
    """Draws ``images`` in a grid of ``columns``, each ``pixels`` cells wide.

    Gutters have the ground of the widget, so that pictures stay apart on a light theme too. They
    and ``chosen`` take effect with the next images, which are set last.
    """

    images: var[Bytes] = var(_NONE, always_update=True)
    """uint8 (N, H, W), (N, H, W, 3) in colour."""
    pixels: var[int] = var(1)
    columns: var[int] = var(1)
    gap: var[int] = var(GAP)
    """Cells between two columns."""
    row_gap: var[int] = var(0)
    """Cells between two rows."""
    margins: var[tuple[int, int]] = var((0, 0))
    """Cells to the left of the first column and above the first row."""
    chosen: var[int] = var(-1)
    """Index of the picture with a frame, which is in the gutters; -1 for none.

    Where a row for an edge is missing, that covers the outermost row of the picture's pixels.
    """
    palette: var[Palette] = var(Palette.COLOURS_256)
    nothing: var[str] = var("")
    """What is in the middle while there are no images."""

    watch_nothing = Drawing.redraw
    watch_images = Drawing.redraw
    watch_pixels = Drawing.redraw
    watch_columns = Drawing.redraw
    watch_palette = Drawing.redraw

    @dataclass
    class Pressed(Message):
        """A picture was clicked."""

        pictures: "Pictures"
        index: int
        is_double: bool

    def on_click(self, event: Click) -> None:
        """Report the picture that was clicked, also in the gutter to its right or below."""
        if (index := self.index_at(event.x, event.y)) is not None:
            self.post_message(self.Pressed(self, index, event.chain == 2))

    def index_at(self, x: int, y: int) -> int | None:
        """Return the index of the picture at a cell of the widget; None if there is none."""
        if not len(self.images):
            return None
        left, top = self.margins
        height = -(-scale(self.images[:1], self.pixels).shape[1] // 2)
        column, row = (x - left) // (self.pixels + self.gap), (y - top) // (height + self.row_gap)
        index = row * self.columns + column
        is_inside = 0 <= column < self.columns and row >= 0 and index < len(self.images)
        return index if is_inside else None

    def render_line(self, y: int) -> Strip:
        """Return one row; half-blocks define both colours, so the widget's style is not applied."""
        if self.palette.has_colours and y < len(self.rows):
            base = self.base
            row = [
                segment if segment.style and segment.style.bgcolor
                else Segment(segment.text, base + segment.style if segment.style else base)
                for segment in self.rows[y]
            ]  # fmt: skip
            return Strip(row).adjust_cell_length(self.size.width, base)
        return super().render_line(y)

    def _draw(self) -> None:
        count = len(self.images)
        if not count or self.columns < 1 or self.pixels < 1:
            self._show_nothing()
            return
        images = scale(self.images, self.pixels)
        odd = images.shape[1] % 2
        images = np.pad(images, ((0, 0), (0, odd), (0, 0), (0, 0))[: images.ndim])
        height = images.shape[1] // 2
        stack = images.reshape(-1, *images.shape[2:])
        cells = half_blocks(stack, self.palette, self.picture_ground)
        rows = [Strip([])] * self.margins[1]
        for first in range(0, count, self.columns):
            rows += [Strip([])] * (self.row_gap if first else 0)
            members = range(first, min(first + self.columns, count))
            for y in range(height):
                row: Row = []
                for member in members:
                    gutter = self.gap if member > first else self.margins[0]
                    row += [Segment(" " * gutter)] if gutter else []
                    row += cells[member * height + y]
                rows.append(Strip(row))
        if 0 <= self.chosen < count:
            self._add_frame(rows, height)
        self.show_rows(rows)

    def _show_nothing(self) -> None:
        width, height = self.size
        if not self.nothing or len(self.nothing) > width:
            self.show_rows([])
            return
        words = Text.assemble((self.nothing.center(width), "quiet"))
        self.show_text([*[Text()] * ((height - 1) // 2), words])

    def _add_frame(self, rows: list[Strip], height: int) -> None:
        """Draw a frame around the chosen picture, in the gutters.

        An edge without a row of its own covers the outermost pixels; without colours it is left
        out, and the sides end in corners.
        """
        shapes, style = FRAMES[self.palette], self.app.console.get_style("here")
        has_colours, last = self.palette.has_colours, len(self.images) - 1
        row, column = divmod(self.chosen, self.columns)
        left = self.margins[0] + column * (self.pixels + self.gap)
        top = self.margins[1] + row * (height + self.row_gap)
        right, bottom = left + self.pixels, top + height
        is_lowest = row == last // self.columns
        above = (self.row_gap if row else self.margins[1]) > 0
        below = bottom < self.size.height if is_lowest else self.row_gap > 0
        sides = [shapes[4:6]] * height
        if not has_colours:
            sides[:1] = sides[:1] if above else [shapes[:2]]
            sides[-1:] = sides[-1:] if below else [shapes[2:4]]
        for y, pair in enumerate(sides, top):
            if self.gap if column else self.margins[0]:
                rows[y] = overlaid(rows[y], left - 1, pair[0], style)
            if self.gap or self.chosen == last or column == self.columns - 1:
                rows[y] = overlaid(rows[y], right, pair[1], style)
        if below:
            rows += [Strip([])] * (bottom + 1 - len(rows))
        for has_row, outer, inner, ends, edge, half in (
            (above, top - 1, top, shapes[:2], shapes[6], "▀"),
            (below, bottom, bottom - 1, shapes[2:4], shapes[7], "▄"),
        ):
            if has_row:
                line = f"{ends[0]}{edge * self.pixels}{ends[1]}"
                rows[outer] = overlaid(rows[outer], left - 1, line, style)
            elif has_colours:
                covered = _with_edge(rows[inner].crop(left, right), half, style)
                rows[inner] = Strip.join(
                    [rows[inner].crop(0, left), covered, rows[inner].crop(right)]
                )


def _with_edge(pixels: Strip, half: str, edge: Style) -> Strip:
    """Return a row of cells with their upper or lower ``half`` in the colour of an edge."""
    return Strip(
        Segment(
            half * len(text),
            Style(
                color=edge.color,
                bgcolor=style.bgcolor if half == "▀" else style.color or style.bgcolor,
            ),
        )
        for text, style, _ in pixels
        if style
    )
