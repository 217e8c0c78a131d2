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
    """Shows ``content`` below its caption, which is the title of the frame if there is one.

    Frame and padding take four columns and two rows, the caption alone one row.
    """

    SCOPED_CSS = False  # the class of the screen decides
    DEFAULT_CSS = """
    Panel { height: auto; width: 1fr; }
    .framed Panel {
        border: round $rule; border-title-color: $quiet; border-subtitle-color: $quiet;
        padding: 0 1;
    }
    .framed Panel.main { border: round $focus; border-title-color: $foreground; }
    .framed Panel > .in-frame { display: none; }
    """

    def __init__(
        self,
        caption: str,
        *content: Widget,
        facts: str = "",
        id: str | None = None,
        is_main: bool = False,
    ) -> None:
        """``caption`` is the id of the caption that holds the title.

        The frame of the panel that ``is_main``, which the keys of the view are for, is bright.

        ``facts`` is the id of a second caption, for the lower edge of the frame; without a frame
        it is a row above the title.
        """
        super().__init__(id=id, classes="main" if is_main else None)
        self.caption = Caption(id=caption)
        self._facts = Caption(id=facts) if facts else None
        for edge in filter(None, (self.caption, self._facts)):
            edge.add_class("in-frame")
        self._content = content

    def compose(self) -> ComposeResult:
        """Yield facts, title and content."""
        if self._facts is not None:
            yield self._facts
        yield self.caption
        yield from self._content

    def on_mount(self) -> None:
        """Follow the captions."""
        for edge in filter(None, (self.caption, self._facts)):
            self.watch(edge, "text", self._show_edges)
            self.watch(edge, "weights", self._show_edges)

    def on_resize(self) -> None:
        """Cut the title to the width."""
        self._show_edges()

    def _show_edges(self) -> None:
        if not (self.is_mounted and self.screen.has_class(FRAMED)):
            return
        title = self._in_frame(self.caption)
        if title != self.border_title:
            self.border_title = title
        if self._facts is not None and (facts := self._in_frame(self._facts)) != (
            self.border_subtitle
        ):
            self.border_subtitle = facts

    def _in_frame(self, caption: Caption) -> str:
        text = caption.fitted(title_width(self, self.size.width))
        return Content.from_rich_text(text, self.app.console).markup


def frame_of(widget: Widget) -> tuple[int, int]:
    """Return the columns and rows that a `Panel` on the widget's screen takes from its content."""
    return (4, 2) if widget.screen.has_class(FRAMED) else (0, 1)


def title_width(widget: Widget, width: int) -> int:
    """Return the cells for a title above content of this width."""
    return width - 2 if widget.screen.has_class(FRAMED) else width
