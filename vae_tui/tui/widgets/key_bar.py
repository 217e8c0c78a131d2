"""The footer: the keys that work now.

Textual's Footer shows all bindings and scrolls sideways when they do not fit, so that at 80 columns
help and quit are out of sight; its labels are those of the bindings. This one leaves out the least
important keys first, and its labels follow the run's state ("Pause", "Resume", "Longer").
"""

from rich.text import Text
from textual.events import Click
from textual.reactive import var

from vae_tui.tui.keys.active_keys import KeyHint
from vae_tui.tui.widgets.drawing import Drawing


class KeyBar(Drawing):
    """Shows the ``hints`` that fit; a click simulates the key."""

    DEFAULT_CSS = "KeyBar { height: 1; dock: bottom; background: $bar; }"
    hints: var[tuple[KeyHint, ...]] = var(())
    watch_hints = Drawing.redraw

    def on_click(self, event: Click) -> None:
        """Simulate the key that was clicked."""
        left = 1
        for hint in fitting(self.hints, self.size.width):
            if left <= event.x < left + hint.width:
                self.app.simulate_key(hint.press)
            left += hint.width

    def _draw(self) -> None:
        line = Text(" ", no_wrap=True)
        for hint in fitting(self.hints, self.size.width):
            line.append(hint.key, "key").append(f" {hint.label} ")
        self.show_text([line])


def fitting(hints: tuple[KeyHint, ...], width: int) -> list[KeyHint]:
    """Return the hints that fit in ``width`` cells, the lowest ranks first, in their order."""
    shown = list(hints)
    while shown and 1 + sum(hint.width for hint in shown) > width + 1:  # the last space may be cut
        highest = max(hint.rank for hint in shown)
        last = max(index for index, hint in enumerate(shown) if hint.rank == highest)
        del shown[last]
    return shown
