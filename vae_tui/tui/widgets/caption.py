"""A one-line caption for the widget beside it."""

from collections.abc import Sequence

from rich.cells import set_cell_size
from rich.text import Text
from textual.reactive import var

from vae_tui.text import SEPARATOR
from vae_tui.tui.widgets.drawing import Drawing

_UNLIMITED = 1_000
WEIGHTS = "{weights}"
"""Placeholder in a caption's text for the step and age of the weights."""


class Caption(Drawing):
    """Shows ``text``, which may hold Rich markup and the placeholder `WEIGHTS`.

    The text is a list of parts, most important first, joined by `SEPARATOR`. Where it is too long,
    parts are dropped from the end, then the first one is cut; the weights always stay. The age of
    the weights is a separate value, so that it can follow the clock without a redraw of the
    pictures beside it.
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
        """Return the parts that fit in ``width`` cells, at least the first one and the weights."""
        before, has_weights, _ = self.text.partition(WEIGHTS)
        first_kept = before.count(SEPARATOR)
        kept = range(first_kept, first_kept + 1 + self.weights.count(SEPARATOR))
        text = Text.from_markup(self.text.replace(WEIGHTS, self.weights))
        parts = list(enumerate(text.split(SEPARATOR)))
        optional = [part for part in parts[1:] if not (has_weights and part[0] in kept)]
        while _width(parts) > width and optional:
            parts.remove(optional.pop())
        if (excess := _width(parts) - width) > 0 and len(parts) > 1:
            head = parts[0][1]
            cells = max(head.cell_len - excess, 1)
            head.right_crop(len(head) - len(set_cell_size(head.plain, cells - 1).rstrip()))
            head.append("~")
        return Text(SEPARATOR).join(part for _, part in parts)

    def _draw(self) -> None:
        # Hidden where the frame of a panel shows it: then nothing is cut.
        self.show_text([self.fitted(self.size.width or _UNLIMITED)])


def _width(parts: Sequence[tuple[int, Text]]) -> int:
    return sum(part.cell_len for _, part in parts) + len(SEPARATOR) * (len(parts) - 1)
