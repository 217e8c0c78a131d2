"""What the user should know now, below the tabs."""

from rich.text import Text
from textual.reactive import var

from vae_tui.text import one_line, printable
from vae_tui.tui.widgets.drawing import Drawing


class Notice(Drawing):
    """Shows ``lines``, a row each, and takes no room without them.

    A line is a list of parts, most important first; see `one_line`.
    """

    DEFAULT_CSS = """
    Notice { display: none; padding: 0 1; color: $text-warning; }
    Notice.shown { display: block; }
    """
    lines: var[tuple[tuple[str, ...], ...]] = var(())

    def watch_lines(self) -> None:
        """Take as many rows as there are lines."""
        self.styles.height = len(self.lines)
        self.set_class(bool(self.lines), "shown")
        self.redraw()

    def _draw(self) -> None:
        width = self.size.width
        texts = [one_line([printable(part) for part in line], width) for line in self.lines]
        self.show_text([Text(text, no_wrap=True) for text in texts] if width else [])
