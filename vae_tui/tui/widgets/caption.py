"""One line of text that says what stands beside it."""

from rich.text import Text
from textual.reactive import reactive

from vae_tui.tui.widgets.drawing import Drawing


class Caption(Drawing):
    """Shows ``text``, which may hold Rich markup; nothing else is repainted."""

    DEFAULT_CSS = "Caption { height: 1; color: $text-muted; }"
    text: reactive[str] = reactive("")

    def watch_text(self, text: str) -> None:
        """Redraw."""
        self.show_text([Text.from_markup(text)])
