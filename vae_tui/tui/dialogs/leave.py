"""``q``: keep training, stop and save, or stay."""

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
    """Asks what becomes of the training."""

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
        """Ask about the run ``name``, which ``reference`` names on a command line."""
        super().__init__()
        self._run_name = name
        self._reference = reference

    def compose(self) -> ComposeResult:
        """The three answers."""
        with Vertical():
            text = (
                "Leave $name?\n\n"
                "[b]k[/b]  keep training (enter does it too)\n"
                "   [dim]come back: vae-tui attach $reference[/dim]\n"
                "[b]s[/b]  stop and save\n"
                "[b]c[/b]  cancel"
            )
            known = {"name": self._run_name, "reference": self._reference}
            shown = {key: printable(value) for key, value in known.items()}
            yield Static(Content.from_markup(text, **shown))

    def action_answer(self, answer: Answer) -> None:
        """Give the answer to whoever asked."""
        self.dismiss(answer)
