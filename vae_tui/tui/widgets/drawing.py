"""A widget that shows ready-made rows and repaints only those that changed."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.events import Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


class Drawing(Widget):
    """Shows rows of text or strips, cut and filled to its own width."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: list[Strip] = []
        """The content, one strip a row, before it is cut and filled to the widget's width."""
        self.base = Style()
        """The widget's own style, under that of its rows."""
        self._lines: Sequence[Text] = ()
        """The text shown last, whose roles have other colours in another theme."""

    def redraw(self) -> None:
        """Draw the reactive values again: they or the size changed."""
        self._draw()

    on_resize = redraw

    def _draw(self) -> None:
        if self._lines:
            self.show_text(self._lines)

    def show_rows(self, rows: Sequence[Strip]) -> None:
        """Replace the content; equal rows are not repainted."""
        pairs = enumerate(zip_longest(self.rows, rows))
        changed = [y for y, (old, new) in pairs if old != new]
        self.rows = list(rows)
        width, height = self.size
        if changed and not height:
            self.refresh()  # hidden: forget the rows that Textual has cached
        elif visible := [y for y in changed if y < height]:
            self.refresh(*(Region(0, y, width, 1) for y in visible))

    def show_text(self, lines: Sequence[Text]) -> None:
        """Replace the content by lines of text."""
        self._lines = lines
        self.show_rows([self.strip(line) for line in lines])

    def strip(self, text: Text) -> Strip:
        """Return text as a row, its roles in the colours of the theme."""
        return Strip(text.render(self.app.console, end=""))

    @property
    def picture_ground(self) -> str:
        """The colour of black in grey pictures, ``#rrggbb``."""
        return self.app.theme_variables["picture-ground"]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows for the screen; the widget's own style is computed once, as it is slow."""
        self.base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one row of the content."""
        width, style = self.size.width, self.base
        if y >= len(self.rows):
            return Strip.blank(width, style)
        return self.rows[y].adjust_cell_length(width).apply_style(style)


class SizedByView(Drawing):
    """A drawing whose content its view makes for its size; it reports another size."""

    class Resized(Message):
        """There is another number of cells to draw for."""

        def can_replace(self, message: Message) -> bool:
            """Return whether one of several in the queue is enough."""
            return isinstance(message, SizedByView.Resized)

    def on_resize(self, event: Resize) -> None:  # type: ignore[override]
        """Report the size, instead of drawing what was made for another one."""
        event.prevent_default()
        self.post_message(self.Resized())


def overlaid(strip: Strip, x: int, text: str, style: Style | None) -> Strip:
    """Return a strip with ``text`` over its cells from ``x`` on; what is left of 0 is cut off."""
    text, x = text[max(-x, 0) :], max(x, 0)
    end = x + len(text)
    return Strip.join(
        [strip.crop_extend(0, x, None), Strip([Segment(text, style)]), strip.crop(end)]
    )
