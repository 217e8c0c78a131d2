"""Widgets in a frame with a title; where rows are few, below a one-line title instead."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from vae_tui.tui.widgets.caption import Caption

FRAMED = "framed"
"""Class of a screen that is large enough for frames."""
LEAST_FRAMED = (100, 30)
"""Columns and rows of such a screen."""


class Panel(Vertical):
    """Shows ``content`` below its first caption, which is the title of the frame if there is one.

    The frame takes two columns and two rows, the caption alone one row.
    """

    SCOPED_CSS = False  # the class of the screen decides
    DEFAULT_CSS = """
    Panel { height: auto; width: 1fr; }
    .framed Panel { border: round $rule; border-title-color: $quiet; }
    .framed Panel > .title { display: none; }
    """

    def __init__(self, caption: str, *content: Widget, id: str | None = None) -> None:
        """``caption`` is the id of the caption that holds the title."""
        super().__init__(id=id)
        self._caption = Caption(id=caption)
        self._caption.add_class("title")
        self._content = content

    def compose(self) -> ComposeResult:
        """Yield title and content."""
        yield self._caption
        yield from self._content

    def on_mount(self) -> None:
        """Follow the caption."""
        self.watch(self._caption, "text", self._show_title)
        self.watch(self._caption, "weights", self._show_title)

    def on_resize(self) -> None:
        """Cut the title to the width."""
        self._show_title()

    def _show_title(self) -> None:
        if self.is_mounted and self.screen.has_class(FRAMED):
            text = self._caption.fitted(self.size.width - 2)
            title = Content.from_rich_text(text, self.app.console).markup
            if title != self.border_title:
                self.border_title = title


def frame_of(widget: Widget) -> tuple[int, int]:
    """Return the columns and rows that a `Panel` on the widget's screen takes from its content."""
    return (2, 2) if widget.screen.has_class(FRAMED) else (0, 1)
