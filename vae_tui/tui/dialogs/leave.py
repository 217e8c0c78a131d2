"""``q``: keep training, stop and save, or cancel."""

from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from vae_tui.text import printable
from vae_tui.tui.dialogs.dialog import ClosesOnce

Answer = Literal["keep", "stop", "cancel"]


class LeaveDialog(ClosesOnce, ModalScreen[Answer]):
    """Asks whether the run should keep training; closes with the answer."""

    BINDINGS = [
        Binding("k,enter,q", "answer('keep')", "Keep training", id="leave.keep"),
        Binding("s", "answer('stop')", "Stop and save", id="leave.stop"),
        Binding("c,escape", "answer('cancel')", "Cancel", id="leave.cancel"),
    ]
    DEFAULT_CSS = """
    LeaveDialog { align: center middle; }
    LeaveDialog Vertical {
        width: 64; max-width: 96%; height: auto;
        border: round $primary; padding: 0 2; background: $surface;
    }
    """

    def __init__(self, name: str, reference: str) -> None:
        """Ask about the run ``name``; ``reference`` is its name or path on a command line."""
        super().__init__()
        self._run_name = name
        self._reference = reference

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
            name, reference = printable(self._run_name), printable(self._reference)
            yield Static(Content.from_markup(text, name=name, reference=reference))

    def action_answer(self, answer: Answer) -> None:
        """Close with the answer."""
        self.dismiss(answer)
