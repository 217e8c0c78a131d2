"""Hosts for one widget."""

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget


class Host(App[None]):
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
