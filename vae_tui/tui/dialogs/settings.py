"""``c``: change beta, the learning rate or the number of epochs, or save now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from vae_tui.errors import UsageError
from vae_tui.run.commands import parse_setting
from vae_tui.run.config import RANGES
from vae_tui.tui.dialogs.dialog import Dialog, ErrorLine

LABELS = {"beta": "beta", "lr": "learning rate", "epochs": "epochs"}
_EXPLANATIONS = {"beta": "weight of the KL", "lr": "of Adam", "epochs": "in total"}


@dataclass(frozen=True, slots=True)
class SettingsAnswer:
    """What the user chose."""

    action: Literal["apply", "keep", "save"]
    """Apply the changes now, resuming a run that has ended; keep them for its next resume; save."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """Only those that differ from the current ones."""


class SettingsDialog(Dialog[SettingsAnswer | None]):
    """Takes new values; closes with a `SettingsAnswer`, or with None."""

    BINDINGS = [
        Binding("enter", "apply('apply')", "Apply", id="settings.apply"),
        Binding("ctrl+k", "apply('keep')", "Keep for the next resume", priority=True,
                id="settings.keep"),
        Binding("ctrl+s", "save", "Save now", priority=True, id="settings.save"),
        Binding("escape", "dismiss", "Cancel", id="settings.cancel"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    SettingsDialog > Vertical { width: 74; }
    SettingsDialog Horizontal { height: 1; }
    SettingsDialog Label { width: 15; }
    SettingsDialog Input { width: 14; margin-right: 2; }
    SettingsDialog .quiet { width: 1fr; }
    SettingsDialog #about { margin-bottom: 1; }
    """

    def __init__(
        self,
        settings: Mapping[str, float],
        proposed: Mapping[str, float] | None = None,
        *,
        has_ended: bool = False,
        least_epochs: int = 1,
    ) -> None:
        """Show the current ``settings``, beta, lr and epochs, or other values that are proposed.

        Of a run that ``has_ended``, a resume needs at least ``least_epochs``.
        """
        super().__init__()
        self._waiting: dict[str, float] = {}
        self._settings = dict(settings)
        self._shown = {**self._settings, **(proposed or {})}
        self._has_ended = has_ended
        self._least_epochs = least_epochs

    def compose(self) -> ComposeResult:
        """Yield a line for each setting, and one for an error."""
        with Vertical() as box:
            box.border_title = "Settings"
            if self._has_ended:
                box.border_subtitle = self.keys_line(
                    ("settings.apply", "resume with these"),
                    ("settings.keep", "keep for later"),
                    ("settings.cancel", "cancel"),
                )
                yield Static(self._about(), id="about", markup=False)
            else:
                box.border_subtitle = self.keys_line(
                    ("settings.apply", "apply"),
                    ("tab", "next"),
                    ("settings.save", "save now"),
                    ("settings.cancel", "cancel"),
                )
            for name, value in self._shown.items():
                with Horizontal():
                    yield Label(LABELS[name])
                    yield Input(f"{value:g}", id=name, compact=True)
                    yield Static(f"{_EXPLANATIONS[name]} · {range_text(name)}", classes="quiet")
            yield ErrorLine()

    def show_waiting(self, waiting: Mapping[str, float]) -> None:
        """Show settings that wait for the next resume; not where another value has been typed."""
        for name, current in list(self._settings.items()):
            if (value := waiting.get(name, current)) == current:
                continue
            self._waiting[name] = self._settings[name] = value
            line = self.query_one(f"#{name}", Input)
            if line.value == f"{current:g}":
                line.value = f"{value:g}"
                if line.has_focus:
                    line.select_all()
        self.query_one("#about", Static).update(self._about())

    def _about(self) -> str:
        """Return when changes take effect, and which are waiting for that."""
        if not self._waiting:
            return "No trainer is running: changes take effect at a resume."
        kept = ", ".join(f"{LABELS[name]} {value:g}" for name, value in self._waiting.items())
        return f"Waiting for the next resume: {kept}."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow to save only while a trainer runs, and to keep only while none does."""
        if self._has_ended and action == "save":
            return False
        if not self._has_ended and parameters == ("keep",):
            return False
        return super().check_action(action, parameters)

    def action_apply(self, action: Literal["apply", "keep"] = "apply") -> None:
        """Close with the changes; if a value is invalid, say why and stay."""
        if len(self.query(Input)) < len(self._settings):
            return  # not composed yet
        changes: dict[str, float] = {}
        for name, current in self._settings.items():
            text = self.query_one(f"#{name}", Input).value
            try:
                value = current if text == f"{current:g}" else number(name, text)
                if name == "epochs" and action == "apply" and value < self._least_epochs:
                    done = self._least_epochs - 1
                    raise UsageError(f"all {done} epochs are done: to train on, give more of them")
            except UsageError as error:
                self.query_one(ErrorLine).show(str(error))
                self.query_one(f"#{name}", Input).focus()
                return
            if value != current:
                changes[name] = value
        self.dismiss(SettingsAnswer(action, changes))

    def on_input_submitted(self) -> None:
        """Apply: posted after the keys that were typed before enter."""
        self.action_apply()

    def action_save(self) -> None:
        """Close with the request to save."""
        self.dismiss(SettingsAnswer("save"))


def number(name: str, text: str) -> float:
    """Return a setting's value; UsageError, with the label of its field, unless it is valid."""
    try:
        return parse_setting(name, text)
    except UsageError as error:
        raise UsageError(f"{LABELS[name]}{str(error).removeprefix(name)}") from None


def range_text(name: str) -> str:
    """Return the range of a setting in words."""
    limits = RANGES[name]
    low = f"above {limits.low:,g}, up to" if limits.above else f"{limits.low:,g} to"
    return f"{low} {limits.high:,.0f}"
