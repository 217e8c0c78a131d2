"""The footer: the keys that work now.

Textual's Footer shows all bindings and scrolls sideways when they do not fit, so that at 80 columns
help and leave are out of sight; its labels are those of the bindings. This one leaves out the least
important keys first and says how many, and its labels follow the run's state ("Pause", "Resume").
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.events import Click
from textual.reactive import var

from vae_tui.tui.keys.active_keys import KeyHint
from vae_tui.tui.widgets.drawing import Drawing

SEPARATOR = "│"
"""Drawn between the keys of the view and those of all views."""


@dataclass(frozen=True, slots=True)
class Footer:
    """The hints that are shown, and where."""

    hints: tuple[KeyHint, ...]
    hidden: int = 0
    """How many did not fit."""
    gap: int = 1
    """Cells between two hints."""

    @property
    def more(self) -> str:
        """The sign of hidden keys, which stands before the last but one: help and leave."""
        return f"+{self.hidden}" if self.hidden else ""

    @property
    def width(self) -> int:
        """Width in cells, with a margin of one on both sides."""
        return sum(cell_len(text) + self.gap for text, _ in self.parts()) + 2 - self.gap

    def parts(self) -> Iterator[tuple[str, KeyHint | None]]:
        """Yield what is shown, from left to right; the hint of what is no key is None."""
        was_of_view = False
        for index, hint in enumerate(self.hints):
            if was_of_view and not hint.is_of_view:
                yield SEPARATOR, None
            if self.hidden and index == len(self.hints) - 2:
                yield self.more, None
            yield f"{hint.key} {hint.label}", hint
            was_of_view = hint.is_of_view


class KeyBar(Drawing):
    """Shows the ``hints`` that fit; a click simulates the key."""

    DEFAULT_CSS = "KeyBar { height: 1; dock: bottom; background: $bar; }"
    hints: var[tuple[KeyHint, ...]] = var(())
    watch_hints = Drawing.redraw

    def on_click(self, event: Click) -> None:
        """Simulate the key that was clicked."""
        if key := event.style.meta.get("key"):
            self.app.simulate_key(key)

    def _draw(self) -> None:
        footer = fitted(self.hints, self.size.width)
        line = Text(" ", no_wrap=True)
        for text, hint in footer.parts():
            if hint is None:
                line.append(text, "quiet")
            else:
                words = (hint.key, "key"), text[len(hint.key) :]
                line.append_text(Text.assemble(*words, meta={"key": hint.press}))
            line.append(" " * footer.gap)
        self.show_text([line])


def fitted(hints: tuple[KeyHint, ...], width: int) -> Footer:
    """Return the hints that fit in ``width`` cells, the lowest ranks first, in their order."""
    for gap in (2, 1):
        if (footer := Footer(hints, gap=gap)).width <= width:
            return footer
    shown = list(hints)
    while shown and Footer(tuple(shown), len(hints) - len(shown)).width > width:
        highest = max(hint.rank for hint in shown)
        last = max(index for index, hint in enumerate(shown) if hint.rank == highest)
        del shown[last]
    return Footer(tuple(shown), len(hints) - len(shown))
