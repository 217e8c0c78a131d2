"""``c``: change beta, lr or the number of epochs of a live run, or save now."""

import contextlib
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from vae_tui.errors import UsageError
from vae_tui.run.commands import Command, check
from vae_tui.tui.dialogs.dialog import Dialog

_EXPLANATIONS = {
    "beta": "weight of the KL",
    "lr": "learning rate",
    "epochs": "in total; more of them train longer",
}


class SettingsDialog(Dialog[list[Command] | None]):
    """Takes new values; closes with the commands that set them, or with None."""

    BINDINGS = [
        Binding("enter", "apply", "Apply", id="settings.apply"),
        Binding("ctrl+s", "save", "Save now", priority=True, id="settings.save"),
        Binding("escape", "dismiss", "Cancel", id="settings.cancel"),
    ]
    DEFAULT_CSS = """
    SettingsDialog > Vertical { width: 58; }
    SettingsDialog Horizontal { height: 1; }
    SettingsDialog Label { width: 8; }
    SettingsDialog Input { width: 14; margin-right: 1; }
    SettingsDialog .explanation { width: 1fr; color: $quiet; }
    SettingsDialog #wrong { color: $text-error; }
    """

    def __init__(self, settings: Mapping[str, float]) -> None:
        """Show the current ``settings``: beta, lr and epochs."""
        super().__init__()
        self._settings = settings

    def compose(self) -> ComposeResult:
        """Yield a line for each setting, and one for an error."""
        with Vertical():
            for name, value in self._settings.items():
                with Horizontal():
                    yield Label(name)
                    yield Input(f"{value:g}", id=name, compact=True)
                    yield Static(_EXPLANATIONS[name], classes="explanation")
            yield Static(id="wrong", markup=False)
            yield Static("[b]enter[/b] apply   [b]ctrl+s[/b] save now   [b]escape[/b] cancel")

    def action_apply(self) -> None:
        """Close with the changes; if a value is invalid, say why and stay."""
        commands: list[Command] = []
        if len(self.query(Input)) < len(self._settings):
            return  # not composed yet
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

    on_input_submitted = action_apply  # posted after the keys that were typed before enter

    def action_save(self) -> None:
        """Close with the command to save."""
        self.dismiss([Command(command="save")])


def _set(name: str, text: str) -> Command:
    """Return the command; raises UsageError if the text is not a number or out of range."""
    with contextlib.suppress(ValueError):
        command = Command(command="set", setting=name, value=float(text))
        check(command)
        return command
    raise UsageError(f"{name}: {text!r} is not a number")
