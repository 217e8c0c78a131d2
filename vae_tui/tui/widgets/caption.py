"""A one-line caption for the widget beside it."""

from rich.text import Text
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing

SEPARATOR = " · "
WEIGHTS = "{weights}"
"""Placeholder in a caption's text for the step and age of the weights."""


class Caption(Drawing):
    """Shows ``text``, which may hold Rich markup and the placeholder `WEIGHTS`.

    The text is a list of parts, most important first, joined by `SEPARATOR`; parts that do not fit
    are dropped from the end. The age of the weights is a separate value, so that it can follow the
    clock without a redraw of the pictures beside it.
    """

    DEFAULT_CSS = "Caption { height: 1; color: $text-muted; }"
    text: var[str] = var("")
    weights: var[str] = var("")
    """What replaces `WEIGHTS`."""

    watch_text = Drawing.redraw

    def watch_weights(self) -> None:
        """Redraw if the text shows it."""
        if WEIGHTS in self.text:
            self._draw()

    def _draw(self) -> None:
        text = Text.from_markup(self.text.replace(WEIGHTS, self.weights))
        while text.cell_len > self.size.width and SEPARATOR in text.plain:
            text.right_crop(len(text) - text.plain.rindex(SEPARATOR))
        self.show_text([text])
