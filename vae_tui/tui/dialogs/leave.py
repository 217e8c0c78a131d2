"""``q``: keep training, stop and save, or cancel."""

from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from vae_tui.text import printable
from vae_tui.tui.dialogs.dialog import Dialog

Answer = Literal["keep", "stop"]


class LeaveDialog(Dialog[Answer | None]):
    """Asks whether the run should keep training; closes with the answer, or with None."""

    BINDINGS = [
        Binding("k,enter,q", "dismiss('keep')", "Keep training", id="leave.keep"),
        Binding("s", "dismiss('stop')", "Stop and save", id="leave.stop"),
        Binding("c,escape", "dismiss", "Cancel", id="leave.cancel"),
    ]
    DEFAULT_CSS = "LeaveDialog > Vertical { width: 64; }"

    def __init__(self, name: str, reference: str) -> None:
        """Ask about the run ``name``; ``reference`` is its name or path on a command line."""
        super().__init__()
        self._values = {"name": printable(name), "reference": printable(reference)}

    def compose(self) -> ComposeResult:
        """Yield the question with its answers."""
        with Vertical():
            text = (
                "Leave $name?\n\n"
                "[b]k[/b]  keep training (or enter)\n"
                "   [dim]come back: vae-tui attach $reference[/dim]\n"
                "[b]s[/b]  stop and save\n"
                "[b]c[/b]  cancel"
            )
            yield Static(Content.from_markup(text, **self._values))
