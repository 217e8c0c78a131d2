"""Pictures side by side, as half-blocks, with gutters between them and one of them framed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import Palette, Row, half_blocks
from vae_tui.terminal.tiles import GAP, scale
from vae_tui.tui.widgets.drawing import Drawing

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
            self.show_rows([])
            return
        images = scale(self.images, self.pixels)
        odd = images.shape[1] % 2
        images = np.pad(images, ((0, 0), (0, odd), (0, 0), (0, 0))[: images.ndim])
        height = images.shape[1] // 2
        stack = images.reshape(-1, *images.shape[2:])
        cells = half_blocks(stack, self.palette, self.app.theme_variables["picture-ground"])
        gaps = self._frame_gaps(count, height)
        if 0 <= self.chosen < count and self.palette.has_colours:
            self._add_inner_edges(cells, self.chosen * height, height, gaps)
        rows: list[Row] = [[] for _ in range(self.margins[1])]
        for first in range(0, count, self.columns):
            if first:
                rows += [[] for _ in range(self.row_gap)]
            members = range(first, min(first + self.columns, count))
            sides = self._sides(height, gaps) if self.chosen in members else [""] * height
            for y, pair in enumerate(sides):
                pieces = [cells[member * height + y] for member in members]
                rows.append(self._joined(pieces, self.chosen - first, pair))
        if 0 <= self.chosen < count:
            self._add_edges(rows, height, gaps)
        self.show_rows([Strip(row) for row in rows])

    def _frame_gaps(self, count: int, height: int) -> tuple[bool, bool]:
        """Return whether there are rows above and below the chosen picture for its frame."""
        row, last = self.chosen // self.columns, (count - 1) // self.columns
        ends = self.margins[1] + (last + 1) * (height + self.row_gap) - self.row_gap
        above = self.margins[1] if row == 0 else self.row_gap
        below = self.size.height - ends if row == last else self.row_gap
        return above > 0, below > 0

    def _add_inner_edges(
        self, cells: list[Row], first: int, height: int, gaps: tuple[bool, bool]
    ) -> None:
        """Draw an edge without a row of its own over the outermost row of the picture's pixels."""
        edge = self.app.console.get_style("here").color
        if not gaps[0]:
            cells[first] = [
                Segment("▀" * len(text), Style(color=edge, bgcolor=style.bgcolor))
                for text, style, _ in cells[first]
                if style
            ]
        if not gaps[1]:
            last = first + height - 1
            cells[last] = [
                Segment("▄" * len(text), Style(color=edge, bgcolor=style.color or style.bgcolor))
                for text, style, _ in cells[last]
                if style
            ]

    def _sides(self, height: int, gaps: tuple[bool, bool]) -> list[str]:
        """Return the left and the right cell of the frame for each row of the chosen picture."""
        shapes = FRAMES[self.palette]
        sides = [shapes[4:6]] * height
        if not self.palette.has_colours:  # corners where no row is left for an edge
            sides[:1] = sides[:1] if gaps[0] else [shapes[:2]]
            sides[-1:] = sides[-1:] if gaps[1] else [shapes[2:4]]
        return sides

    def _joined(self, pieces: Sequence[Row], framed: int, sides: str) -> Row:
        """Return one row of cells of the pictures that stand side by side.

        ``sides`` are those of the frame around the picture of column ``framed``, or empty.
        """
        row: Row = []
        style = self.app.console.get_style("here") if sides else None
        for number, piece in enumerate(pieces):
            width = self.gap if number else self.margins[0]
            if sides and width and number == framed:
                row += Segment(" " * (width - 1)), Segment(sides[0], style)
            elif sides and width and number == framed + 1:
                row += Segment(sides[1], style), Segment(" " * (width - 1))
            elif width:
                row.append(Segment(" " * width))
            row += piece
        if sides and framed == len(pieces) - 1:
            row.append(Segment(sides[1], style))
        return row

    def _add_edges(self, rows: list[Row], height: int, gaps: tuple[bool, bool]) -> None:
        """Draw the upper and the lower edge of the frame where there are rows for them."""
        shapes, style = FRAMES[self.palette], self.app.console.get_style("here")
        row, column = divmod(self.chosen, self.columns)
        left = self.margins[0] + column * (self.pixels + self.gap) - 1
        top = self.margins[1] + row * (height + self.row_gap)
        if gaps[0]:
            line = f"{shapes[0]}{shapes[6] * self.pixels}{shapes[1]}"
            self._line(rows, top - 1, left, line, style)
        if gaps[1]:
            line = f"{shapes[2]}{shapes[7] * self.pixels}{shapes[3]}"
            self._line(rows, top + height, left, line, style)

    def _line(self, rows: list[Row], y: int, left: int, line: str, style: Style) -> None:
        """Draw the upper or the lower edge into a gutter between two rows."""
        if y == len(rows):
            rows.append([])
        if left < 0:
            left, line = 0, line[1:]
        rows[y] = [Segment(" " * left), Segment(line, style)]
