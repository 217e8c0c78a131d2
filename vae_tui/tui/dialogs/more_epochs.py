"""``p`` on a finished run: how many more epochs?"""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from vae_tui.errors import UsageError
from vae_tui.tui.dialogs.dialog import Dialog, ErrorLine
from vae_tui.tui.dialogs.settings import number

MOST_DIGITS = 9
"""No total is shown for a longer number."""


class MoreEpochsDialog(Dialog[int | None]):
    """Takes a number of epochs; closes with the new total, or with None."""

    BINDINGS = [
        Binding("enter", "accept", "Train more", id="more.accept"),
        Binding("escape", "dismiss", "Cancel", id="more.cancel"),
    ]
    DEFAULT_CSS = """
    MoreEpochsDialog > Vertical { width: 62; }
    MoreEpochsDialog Horizontal { height: 1; margin-top: 1; }
    MoreEpochsDialog Label { width: 15; }
    MoreEpochsDialog Input { width: 14; margin-right: 2; }
    """

    def __init__(self, epochs: int, proposed: int) -> None:
        """``epochs`` are done; propose ``proposed`` more."""
        super().__init__()
        self._epochs = epochs
        self._proposed = proposed

    def compose(self) -> ComposeResult:
        """Yield the question."""
        with Vertical() as box:
            box.border_title = "Train more"
            box.border_subtitle = self.keys_line(
                ("more.accept", "train"), ("more.cancel", "cancel")
            )
            done = f"All {self._epochs:,} epochs are" if self._epochs > 1 else "The one epoch is"
            yield Static(f"{done} done. How many more?")
            with Horizontal():
                yield Label("more epochs")
                yield Input(str(self._proposed), id="more", compact=True)
                yield Static(id="total", classes="quiet")
            yield ErrorLine()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the new total."""
        text = event.value.strip()
        is_count = text.isdecimal() and len(text) <= MOST_DIGITS
        total = f"{self._epochs + int(text):,} in total" if is_count else ""
        self.query_one("#total", Static).update(total)

    def action_accept(self) -> None:
        """Close with the new total; if it is invalid, say why and stay."""
        for line in self.query("#more").results(Input):
            try:
                more = number("epochs", line.value)
                self.dismiss(int(number("epochs", f"{self._epochs + more:.0f}")))
            except UsageError as error:
                self.refuse(str(error))

    def refuse(self, reason: str) -> None:
        """Say why the run cannot be trained further."""
        self.query_one(ErrorLine).show(reason)

    on_input_submitted = action_accept
