"""The bottom line: the keys that work here and now."""

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.events import Click, Resize
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key and what it does."""

    key: str
    """As it is written on the screen."""
    label: str
    press: str
    """As the app names it: what a click presses."""
    rank: int = 1
    """0 is shown always; the higher, the sooner it gives way where room is short."""

    @property
    def width(self) -> int:
        """Cells, with the blank after it."""
        return cell_len(self.key) + 1 + cell_len(self.label) + 1


class KeyBar(Drawing):
    """Shows ``hints`` in their order, as many as fit by their rank; a click presses the key."""

    DEFAULT_CSS = "KeyBar { height: 1; dock: bottom; background: $panel; }"

    hints: var[tuple[KeyHint, ...]] = var(())

    def watch_hints(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw: another number may fit."""
        self._draw()

    def on_click(self, event: Click) -> None:
        """Press the key that was clicked."""
        left = 1
        for hint in fitting(self.hints, self.size.width):
            if left <= event.x < left + hint.width:
                self.app.simulate_key(hint.press)
            left += hint.width

    def _draw(self) -> None:
        line = Text(" ", no_wrap=True)
        for hint in fitting(self.hints, self.size.width):
            line.append(hint.key, "bold color(214)").append(f" {hint.label} ")
        self.show_text([line])


def fitting(hints: tuple[KeyHint, ...], width: int) -> list[KeyHint]:
    """Return the hints that fit in ``width`` cells, those of the highest rank left out first."""
    shown = list(hints)
    while shown and 1 + sum(hint.width for hint in shown) > width + 1:  # the last blank may go
        worst = max(hint.rank for hint in shown)
        last = max(index for index, hint in enumerate(shown) if hint.rank == worst)
        del shown[last]
    return shown
