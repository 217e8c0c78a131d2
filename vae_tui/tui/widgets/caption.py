"""A one-line caption for the widget beside it."""

from rich.text import Text
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing

_UNLIMITED = 1_000
SEPARATOR = " · "
WEIGHTS = "{weights}"
"""Placeholder in a caption's text for the step and age of the weights."""


class Caption(Drawing):
    """Shows ``text``, which may hold Rich markup and the placeholder `WEIGHTS`.

    The text is a list of parts, most important first, joined by `SEPARATOR`; parts that do not fit
    are dropped from the end. The age of the weights is a separate value, so that it can follow the
    clock without a redraw of the pictures beside it.
    """

    DEFAULT_CSS = "Caption { height: 1; color: $quiet; }"
    text: var[str] = var("")
    weights: var[str] = var("")
    """What replaces `WEIGHTS`."""

    watch_text = Drawing.redraw

    def watch_weights(self) -> None:
        """Redraw if the text shows it."""
        if WEIGHTS in self.text:
            self._draw()

    def fitted(self, width: int) -> Text:
        """Return the parts that fit in ``width`` cells, at least the first one."""
        text = Text.from_markup(self.text.replace(WEIGHTS, self.weights))
        while text.cell_len > width and SEPARATOR in text.plain:
            text.right_crop(len(text) - text.plain.rindex(SEPARATOR))
        return text

    def _draw(self) -> None:
        # Hidden where the frame of a panel shows it: then nothing is cut.
        self.show_text([self.fitted(self.size.width or _UNLIMITED)])
