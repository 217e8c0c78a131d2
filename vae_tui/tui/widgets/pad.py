"""A pad to draw one image on, with the mouse or with a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.events import MouseDown, MouseEvent, MouseMove, MouseUp
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from vae_tui.latent.drawing import Point
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import Pictures

LEFT_BUTTON, RIGHT_BUTTON = 1, 3


class Pad(Pictures):
    """Draws one image and marks the pixel ``cursor``; reports the strokes of the mouse."""

    cursor: var[tuple[int, int]] = var((0, 0))
    """Column and row of a pixel."""
    is_down: var[bool] = var(False)
    """Whether the cursor draws as it moves."""

    watch_cursor = Drawing.redraw
    watch_is_down = Drawing.redraw

    _last: Point | None = None
    """Where the stroke of the mouse has come to; None while no button is pressed."""
    _erases = False

    @dataclass
    class Stroked(Message):
        """The mouse drew from one point to another, in pixels of the image."""

        start: Point
        end: Point
        erase: bool
        begins: bool
        """Whether it is the first part of a stroke."""

    def on_mouse_down(self, event: MouseDown) -> None:
        """Begin a stroke; the right button erases."""
        if event.button in (LEFT_BUTTON, RIGHT_BUTTON):
            self.capture_mouse()
            self._last = self._point(event)
            self._erases = event.button == RIGHT_BUTTON
            self.post_message(self.Stroked(self._last, self._last, self._erases, begins=True))

    def on_mouse_move(self, event: MouseMove) -> None:
        """Draw on to where the mouse is."""
        if self._last is not None:
            start, self._last = self._last, self._point(event)
            self.post_message(self.Stroked(start, self._last, self._erases, begins=False))

    def on_mouse_up(self, event: MouseUp) -> None:
        """End the stroke."""
        self._last = None
        self.release_mouse()

    def _point(self, event: MouseEvent) -> Point:
        """Return the point of the image in the middle of the cell under the mouse."""
        height, width = self.images.shape[1:3]
        inner = event.screen_offset - self.content_region.offset
        return (
            (inner.x + 0.5) * width / self.pixels,
            (inner.y + 0.5) * height / max(len(self.rows), 1),
        )

    def show_rows(self, rows: Sequence[Strip]) -> None:
        """Mark the cursor in the rows of the image."""
        if not len(self.images):
            super().show_rows(rows)
            return
        height, width = self.images.shape[1:3]
        columns = _span(self.cursor[0], width, self.pixels)
        halves = _span(self.cursor[1], height, 2 * len(rows))
        marked = list(rows)
        for y in range(halves.start // 2, -(-halves.stop // 2)):
            upper, lower = 2 * y in halves, 2 * y + 1 in halves
            strip = marked[y]
            cells = [self._mark(strip.crop(x, x + 1), upper, lower) for x in columns]
            left, right = strip.crop(0, columns.start), strip.crop(columns.stop)
            marked[y] = Strip([*left, *cells, *right])
        super().show_rows(marked)

    def _mark(self, cell: Strip, upper: bool, lower: bool) -> Segment:
        """Return a cell with the cursor in one of its halves or in both."""
        style = self.app.console.get_style("here" if self.is_down else "news")
        if not self.palette.has_colours:
            return Segment("x" if self.is_down else "+", style + Style(reverse=True))
        (segment,) = cell
        ground = segment.style or Style()
        if upper and lower:
            return Segment("█", style + Style(bgcolor=ground.bgcolor))
        if upper:
            return Segment("▀", style + Style(bgcolor=ground.bgcolor))
        return Segment("▄", style + Style(bgcolor=ground.color or ground.bgcolor))


def _span(place: int, count: int, cells: int) -> range:
    """Return the cells that a pixel covers, at least one, where ``count`` pixels share them."""
    first = place * cells // count
    return range(first, max((place + 1) * cells // count, first + 1))
