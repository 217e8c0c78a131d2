"""``ctrl+p``: everything that the keys do here, found by name.

Textual's own searches in the background; keys that are quicker than it end the program.
"""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Click, Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from vae_tui.tui.dialogs.dialog import ClosesOnce

ROWS = 12


class Palette(ClosesOnce, ModalScreen[SystemCommand | None]):
    """Lists commands; dismissed with the one to run."""

    BINDINGS = [
        Binding("escape", "leave", "Cancel", id="palette.cancel"),
        Binding("up", "move(-1)", show=False, id="palette.up"),
        Binding("down", "move(1)", show=False, id="palette.down"),
        Binding("pageup", f"move(-{ROWS})", show=False, id="palette.page-up"),
        Binding("pagedown", f"move({ROWS})", show=False, id="palette.page-down"),
    ]
    DEFAULT_CSS = """
    Palette { align: center middle; }
    Palette Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 100%;
        border: round $primary; padding: 0 2; background: $surface;
    }
    Palette #found { text-wrap: nowrap; text-overflow: ellipsis; margin-top: 1; }
    """

    def __init__(self, commands: Sequence[SystemCommand]) -> None:
        """Offer the ``commands``."""
        super().__init__()
        self._commands = commands
        self._found = list(commands)
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """A line to type in, and what fits it."""
        with Vertical() as box:
            box.border_title = "Commands"
            box.border_subtitle = "enter runs, escape closes"
            # Selected on focus, what came early would give way to the next letter.
            yield Input(placeholder="a part of its name", compact=True, select_on_focus=False)
            yield Static(self._list(), id="found")

    def on_key(self, event: Key) -> None:
        """Take in what was typed before the line had the focus."""
        if event.character and event.is_printable and not isinstance(self.focused, Input):
            for line in self.query(Input):  # none before it is made
                line.insert_text_at_cursor(event.character)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what holds every word that was typed."""
        words = event.value.lower().split()
        self._found = [
            command
            for command in self._commands
            if all(word in f"{command.title} {command.help}".lower() for word in words)
        ]
        self._chosen = 0
        self._show()

    def action_move(self, rows: int) -> None:
        """Choose another."""
        self._chosen = max(0, min(self._chosen + rows, len(self._found) - 1))
        self._show()

    def on_input_submitted(self) -> None:
        """Close, and run the one that is chosen."""
        if self._found:
            self.dismiss(self._found[self._chosen])

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)

    def on_click(self, event: Click) -> None:
        """Run the one that was clicked."""
        if event.widget is not None and event.widget.id == "found":
            self._chosen = min(self._top + event.y, max(len(self._found) - 1, 0))
            self.on_input_submitted()

    @property
    def _top(self) -> int:
        return max(0, min(self._chosen - ROWS // 2, len(self._found) - ROWS))

    def _show(self) -> None:
        for found in self.query("#found").results(Static):  # none before it is made
            found.update(self._list())

    def _list(self) -> Text:
        rows = [
            Text(f"{command.title:<11}{command.help}", "reverse" if row == self._chosen else "")
            for row, command in enumerate(self._found)
        ]
        return Text("\n").join(rows[self._top : self._top + ROWS]) if rows else Text("none", "dim")
