"""One line of text that says what stands beside it."""

from rich.text import Text
from textual.events import Resize
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing

SEPARATOR = " · "


class Caption(Drawing):
    """Shows ``text``, which may hold Rich markup; nothing else is repainted.

    Its parts, the most important first, stand between separators; the last ones give way where
    there is no room for all.
    """

    DEFAULT_CSS = "Caption { height: 1; color: $text-muted; }"
    text: var[str] = var("")

    def watch_text(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw in the new width."""
        self._draw()

    def _draw(self) -> None:
        text = Text.from_markup(self.text)
        while text.cell_len > self.size.width and SEPARATOR in text.plain:
            text.right_crop(len(text) - text.plain.rindex(SEPARATOR))
        self.show_text([text])
