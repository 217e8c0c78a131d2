"""A widget that shows ready-made rows and repaints only those that changed."""

from collections.abc import Sequence

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Drawing(Widget):
    """Shows rows of text or strips, cut and filled to its own width."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[Strip] = []
        self.base = Style()
        """The widget's own style, under that of its rows."""

    @property
    def rows(self) -> Sequence[Strip]:
        """The content, one strip a row, before it is cut and filled to the widget's width."""
        return self._rows

    def show_rows(self, rows: Sequence[Strip]) -> None:
        """Replace the content; equal rows are not repainted."""
        old, self._rows = self._rows, list(rows)
        shared = min(len(old), len(self._rows))
        changed = [y for y in range(shared) if old[y] != self._rows[y]]
        changed += range(shared, max(len(old), len(self._rows)))
        width, height = self.size
        if changed and not height:
            self.refresh()  # hidden: forget the rows that Textual has cached
        elif visible := [y for y in changed if y < height]:
            self.refresh(*(Region(0, y, width, 1) for y in visible))

    def show_text(self, lines: Sequence[Text]) -> None:
        """Replace the content by lines of text."""
        console = self.app.console
        self.show_rows([Strip(line.render(console, end="")) for line in lines])

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows for the screen; the widget's own style is computed once, as it is slow."""
        self.base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one row of the content."""
        width, style = self.size.width, self.base
        if y >= len(self._rows):
            return Strip.blank(width, style)
        return self._rows[y].adjust_cell_length(width).apply_style(style)


def segments(line: Text, console: Console) -> list[Segment]:
    """Return the segments of a line; faster than Rich if no styles overlap."""
    found, end, plain = [], 0, line.plain
    for span in line.spans:
        if span.start < end or line.style:
            return list(line.render(console, end=""))
        if span.start > end:
            found.append(Segment(plain[end : span.start]))
        style = Style.parse(span.style) if isinstance(span.style, str) else span.style
        found.append(Segment(plain[span.start : span.end], style))
        end = span.end
    if end < len(plain):
        found.append(Segment(plain[end:]))
    return found
