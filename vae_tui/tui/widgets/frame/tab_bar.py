"""The names of the views with their keys, the current one marked.

Textual's Tabs takes two rows, the second for an underline that moves, and the focus.
"""

from dataclasses import dataclass

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing


class TabBar(Drawing):
    """Shows the ``titles`` behind their numbers; a click reports which one."""

    DEFAULT_CSS = "TabBar { height: 1; width: auto; background: $bar; }"

    titles: var[tuple[str, ...]] = var((), init=False)
    current: var[int] = var(0)
    """Index of the title that is marked."""
    watch_current = Drawing.redraw

    @dataclass
    class Pressed(Message):
        """A title was clicked."""

        index: int

    def watch_titles(self) -> None:
        """Take the width of the titles."""
        self.styles.width = sum(map(len, self._labels))
        self.redraw()

    def on_click(self, event: Click) -> None:
        """Report the title that was clicked."""
        left = 0
        for index, label in enumerate(self._labels):
            if left <= event.x < left + len(label):
                self.post_message(self.Pressed(index))
            left += len(label)

    @property
    def _labels(self) -> list[str]:
        return [f" {number} {title} " for number, title in enumerate(self.titles, 1)]

    def _draw(self) -> None:
        line = Text(no_wrap=True)
        for index, label in enumerate(self._labels):
            if index == self.current:
                line.append(label, "tab")
            else:
                line.append(label[:2], "key").append(label[2:])
        self.show_text([line])
