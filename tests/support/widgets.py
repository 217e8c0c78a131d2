"""Hosts for one widget."""

from textual.app import ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.widgets.drawing import Drawing


class Host(TerminalApp):
    """Shows one widget on the whole screen."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


class Listening:
    """Mixed into a drawing: remembers which regions were to be sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Region] = []

    def refresh(self, *regions: Region, **more):
        self.sent += regions or [self.size.region]
        return super().refresh(*regions, **more)


def colours(widget: Drawing) -> dict[str, str | None]:
    """Return the foreground colour of each character that a drawing shows; None is its own."""
    found = {}
    for strip in widget.rows:
        for segment in strip:
            colour = segment.style.color if segment.style else None
            for character in segment.text:
                found[character] = colour.name if colour else None
    return found
