"""What all dialogs share: a key that arrives after one has closed does nothing."""

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
    from textual.screen import Screen

    class _Base(Screen[Any]):
        pass
else:  # not a Screen: Textual takes styles from the first base class that is one
    _Base = object


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
