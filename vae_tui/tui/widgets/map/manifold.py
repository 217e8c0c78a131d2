"""The decoded grid of a two-dimensional latent space, with axes and a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import Palette, half_blocks
from vae_tui.terminal.tiles import resized, tile
from vae_tui.tui.widgets.drawing import SizedByView, overlaid

AXIS = 6
"""Columns of the labels at the left; the labels below take one row."""
COLUMNS = 9
"""Approximate number of digits side by side."""
LEAST_PIXELS, MOST_PIXELS = 8, 28
"""Width of a digit in cells."""
LARGEST_STRETCH = 1.15
"""Limit of the stretch of a digit in one direction, so that the grid fills the pane."""
_FRAMES = {True: "╭─╮│╰╯", False: "+-+|++"}
"""Corners and sides of the cursor, with UTF-8 and without."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedGrid:
    """Images decoded from a grid of codes with two numbers, and the one the cursor is on."""

    images: Bytes
    """uint8 (rows * columns, H, W), row by row."""
    columns: int
    rows: int
    size: tuple[int, int]
    """Columns and rows of a digit in cells."""
    across: Sequence[float]
    """The first value of the code in each column."""
    up: Sequence[float]
    """The second value in each row, the top row first."""
    cursor: tuple[int, int]
    """Column and row of the chosen digit."""
    palette: Palette = Palette.COLOURS_256
    unicode: bool = True


def grid_for(width: int, height: int) -> tuple[int, int, tuple[int, int]]:
    """Return columns, rows and cells of a digit of the grid that leaves least of a pane empty."""
    room, high = max(width - AXIS, 1), max(height - 1, 1)
    preferred = min(max(room / COLUMNS, LEAST_PIXELS), MOST_PIXELS)
    sizes = [
        (across, down)
        for across in range(LEAST_PIXELS, MOST_PIXELS + 1)
        for down in range(LEAST_PIXELS // 2, MOST_PIXELS // 2 + 1)
        if max(across / (2 * down), 2 * down / across) <= LARGEST_STRETCH
        if max(across / preferred, preferred / across) <= 1.4
    ]

    def filled(size: tuple[int, int]) -> int:
        return room // size[0] * size[0] * (high // size[1] * size[1])

    across, down = max(sizes, key=filled)
    return max(room // across, 1), max(high // down, 1), (across, down)


class Manifold(SizedByView):
    """Draws ``content``."""

    content: var[DecodedGrid | None] = var(None)

    @dataclass
    class Clicked(Message):
        """The mouse clicked a digit."""

        column: int
        row: int
        is_double: bool

    watch_content = SizedByView.redraw

    def on_click(self, event: Click) -> None:
        """Report the digit that was clicked."""
        if (content := self.content) is not None and event.x >= AXIS:
            column, row = (event.x - AXIS) // content.size[0], event.y // content.size[1]
            if column < content.columns and row < content.rows:
                self.post_message(self.Clicked(column, row, event.chain == 2))

    def _draw(self) -> None:
        content = self.content
        if content is None or not len(content.images):
            self.show_rows([])
            return
        wide, high = content.size
        picture = tile(resized(content.images, 2 * high, wide), content.columns)
        rows = [Strip(row) for row in half_blocks(picture, content.palette, self.picture_ground)]
        get_style = self.app.console.get_style
        self._frame(content, rows, get_style("here"))
        quiet = get_style("quiet")
        lines = []
        for y, row in enumerate(rows):
            is_middle = y % high == high // 2
            label = f"{content.up[y // high]:+.2f} " if is_middle else ""
            style = get_style("here") if y // high == content.cursor[1] else quiet
            lines.append(Strip.join([Strip([Segment(label.rjust(AXIS), style)]), row]))
        below = [Segment(" " * AXIS)]
        for column, value in enumerate(content.across):
            style = get_style("here") if column == content.cursor[0] else quiet
            below.append(Segment(f"{value:+.2f}".center(wide), style))
        self.show_rows([*lines, Strip(below)])

    def _frame(self, content: DecodedGrid, rows: list[Strip], style: Style) -> None:
        """Draw the frame of the cursor over the edge of the chosen digit."""
        (column, row), (wide, high) = content.cursor, content.size
        left, top = column * wide, row * high
        first, flat, second, side, third, fourth = list(_FRAMES[content.unicode])
        middle = flat * (wide - 2)
        for y in range(top, min(top + high, len(rows))):
            if y in (top, top + high - 1):
                ends = (first, second) if y == top else (third, fourth)
                rows[y] = overlaid(rows[y], left, f"{ends[0]}{middle}{ends[1]}", style)
            else:
                for x in (left, left + wide - 1):
                    rows[y] = overlaid(rows[y], x, side, style)
