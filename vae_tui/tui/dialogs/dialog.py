"""What all dialogs share: their box, and that a key after one has closed does nothing."""

from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.widgets import Static

from vae_tui.text import SEPARATOR, printable
from vae_tui.tui.keys.active_keys import keys_of
from vae_tui.tui.widgets.lost_resizes import LostResizes

if TYPE_CHECKING:
    from textual.screen import Screen

    class _Base(Screen[Any]):
        pass
else:  # not a Screen: Textual takes styles from the first base class that is one
    _Base = object

Result = TypeVar("Result")


class ClosesOnce(_Base):
    """Mixed in before a screen class.

    Without it, keys that were typed ahead close the screen below too, or end the program.
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow the dialog's actions while it is on top."""
        return self.is_active and super().check_action(action, parameters)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close with a result, if the dialog is on top."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(ClosesOnce, ModalScreen[Result]):
    """A box in the middle of the screen, with its keys in the lower border."""

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > Vertical, Dialog > VerticalScroll {
        max-width: 96%; max-height: 100%; height: auto;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $quiet; border-subtitle-align: left;
        padding: 1 2; background: $surface;
    }
    Dialog .quiet { color: $quiet; }
    Dialog ErrorLine { color: $text-error; margin-top: 1; display: none; }
    """

    def on_mount(self) -> None:
        """Follow the layout."""
        LostResizes(self)

    def keys_line(self, *hints: tuple[str, str]) -> str:
        """Return the markup of pairs of a key and what it does.

        The key is given by the id of a binding of this dialog, without which the pair is left out,
        or as it is displayed.
        """
        known = {name: _usual(keys) for name, keys in keys_of(self).items()}
        shown = [
            (known.get(key, key), does) for key, does in hints if key in known or "." not in key
        ]
        return SEPARATOR.join(f"[b $key]{key}[/] {does}" for key, does in shown)


class ErrorLine(Static):
    """Says why what was typed cannot be used; takes no room without an error."""

    def __init__(self) -> None:
        super().__init__(markup=False)

    def show(self, reason: str) -> None:
        """Replace the error; an empty one hides the line."""
        self.update(printable(reason))
        self.display = bool(reason)


def _usual(keys: list[str]) -> str:
    """Return the key that most dialogs have for it, else the first."""
    return next((key for key in keys if key in ("enter", "esc")), keys[0])
