"""``c``: change beta, lr or the number of epochs while the run trains, or save now."""

import contextlib
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from vae_tui.errors import UsageError
from vae_tui.run.commands import Command, check
from vae_tui.tui.dialogs.dialog import ClosesOnce

_WHAT = {
    "beta": "weight of the KL",
    "lr": "learning rate",
    "epochs": "in all; more of them train longer",
}


class ControlsDialog(ClosesOnce, ModalScreen[list[Command] | None]):
    """Takes new values; dismissed with the commands that ask for them."""

    BINDINGS = [
        Binding("enter", "apply", "Apply", id="controls.apply"),
        Binding("ctrl+s", "save", "Save now", priority=True, id="controls.save"),
        Binding("escape", "leave", "Cancel", id="controls.cancel"),
    ]
    DEFAULT_CSS = """
    ControlsDialog { align: center middle; }
    ControlsDialog > Vertical {
        width: 58; height: auto; border: round $primary; padding: 0 2; background: $surface;
    }
    ControlsDialog Horizontal { height: 1; }
    ControlsDialog Label { width: 8; }
    ControlsDialog Input { width: 14; margin-right: 1; }
    ControlsDialog .what { width: 1fr; color: $text-muted; }
    ControlsDialog #wrong { color: $text-error; }
    """

    def __init__(self, settings: Mapping[str, float]) -> None:
        """Show the ``settings`` beta, lr and epochs as they are now."""
        super().__init__()
        self._settings = settings

    def compose(self) -> ComposeResult:
        """A line for each setting."""
        with Vertical():
            for name, value in self._settings.items():
                with Horizontal():
                    yield Label(name)
                    yield Input(f"{value:g}", id=name, compact=True)
                    yield Static(_WHAT[name], classes="what")
            yield Static(id="wrong", markup=False)
            yield Static("[b]enter[/b] apply   [b]ctrl+s[/b] save now   [b]escape[/b] cancel")

    def on_input_submitted(self) -> None:
        """Apply: the line told of enter after all keys that came before it."""
        self.action_apply()

    def action_apply(self) -> None:
        """Ask for what differs from now, unless a value cannot be right."""
        commands: list[Command] = []
        if len(self.query(Input)) < len(self._settings):
            return  # not made yet
        for name, value in self._settings.items():
            text = self.query_one(f"#{name}", Input).value
            if text == f"{value:g}":
                continue
            try:
                commands.append(_set(name, text))
            except UsageError as error:
                self.query_one("#wrong", Static).update(str(error))
                self.query_one(f"#{name}", Input).focus()
                return
        self.dismiss(commands)

    def action_save(self) -> None:
        """Ask for a save."""
        self.dismiss([Command(command="save")])

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def _set(name: str, text: str) -> Command:
    """Return the command; raises UsageError when the text is no number or out of range."""
    with contextlib.suppress(ValueError):
        command = Command(command="set", setting=name, value=float(text))
        check(command)
        return command
    raise UsageError(f"{name}: {text!r} is not a number")
