"""``q``: keep training, stop and save, or cancel."""

from typing import Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from vae_tui.text import printable
from vae_tui.tui.dialogs.dialog import Dialog
from vae_tui.tui.keys.active_keys import keys_of

Answer = Literal["keep", "stop"]


class LeaveDialog(Dialog[Answer | None]):
    """Asks whether the run should keep training; closes with the answer, or with None."""

    BINDINGS = [
        Binding("k,enter,q", "dismiss('keep')", "Keep training", id="leave.keep"),
        Binding("s", "dismiss('stop')", "Stop and save", id="leave.stop"),
        Binding("c,escape", "dismiss", "Cancel", id="leave.cancel"),
    ]
    DEFAULT_CSS = """
    LeaveDialog > Vertical { width: 72; }
    LeaveDialog OptionList, LeaveDialog OptionList:focus {
        border: none; padding: 0; height: auto; background: $surface; background-tint: $surface 0%;
    }
    LeaveDialog OptionList > .option-list--option-highlighted,
    LeaveDialog OptionList:focus > .option-list--option-highlighted {
        background: $cursor-ground; color: $foreground; text-style: none;
    }
    """

    def __init__(self, name: str, reference: str) -> None:
        """Ask about the run ``name``; ``reference`` is its name or path on a command line."""
        super().__init__()
        self._name = printable(name)
        self._reference = printable(reference)

    def compose(self) -> ComposeResult:
        """Yield the answers."""
        back = f"come back: vae-tui attach {self._reference}"
        with Vertical() as box:
            box.border_title = Text(f"Leave {self._name}?")
            box.border_subtitle = self.keys_line(
                ("↑↓", "choose"),
                ("leave.keep", "keep"),
                ("leave.stop", "stop"),
                ("leave.cancel", "cancel"),
            )
            answers = (
                ("keep", "Keep training", back),
                ("stop", "Stop and save", "training ends and can be resumed"),
                ("cancel", "Cancel", "stay here"),
            )
            keys = {name: first for name, (first, *_) in keys_of(self).items()}
            yield OptionList(
                *(_answer(name, keys.get(f"leave.{name}", ""), *words) for name, *words in answers)
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the answer that was clicked or chosen."""
        answers: dict[str | None, Answer] = {"keep": "keep", "stop": "stop"}
        self.dismiss(answers.get(event.option.id))


def _answer(id: str, key: str, label: str, consequence: str) -> Option:
    text = " [b]$letter[/]  [b]$label[/]\n    $consequence"
    prompt = Content.from_markup(text, letter=key, label=label, consequence=consequence)
    return Option(prompt, id=id)
