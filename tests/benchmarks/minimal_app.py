"""The least that Textual can show: what the screen's start and memory are compared with."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class MinimalApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """Yield it."""
        yield Static("loading ...")


if __name__ == "__main__":
    MinimalApp().run()
