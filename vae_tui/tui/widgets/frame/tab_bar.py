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
    """Shows the ``titles`` behind their ``keys``; a click reports which one."""

    DEFAULT_CSS = "TabBar { height: 1; width: auto; background: $bar; }"

    titles: var[tuple[str, ...]] = var((), init=False)
    keys: var[tuple[str, ...]] = var((), init=False)
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

    watch_keys = watch_titles

    def on_click(self, event: Click) -> None:
        """Report the title that was clicked."""
        if (index := event.style.meta.get("tab")) is not None:
            self.post_message(self.Pressed(index))

    @property
    def _labels(self) -> list[str]:
        return [f" {key} {title} " for key, title in zip(self.keys, self.titles, strict=False)]

    def _draw(self) -> None:
        line = Text(no_wrap=True)
        for index, (key, label) in enumerate(zip(self.keys, self._labels, strict=False)):
            end = len(key) + 1
            words = [(label[:end], "key"), (label[end:], "")]
            if index == self.current:
                words = [(label, "tab")]
            line.append_text(Text.assemble(*words, meta={"tab": index}))
        self.show_text([line])
