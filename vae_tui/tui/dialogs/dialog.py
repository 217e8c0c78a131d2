"""What every dialog has in common: keys that come too late for it do nothing."""

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete

if TYPE_CHECKING:
    from textual.screen import Screen

    class _Base(Screen[Any]):
        pass
else:  # no screen: Textual takes styles from the first base that is one
    _Base = object


class ClosesOnce(_Base):
    """Comes before a screen's class.

    Keys pressed before the screen had closed would close the one below, or end the program.
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow the screen's actions while it is on top."""
        return self.is_active and super().check_action(action, parameters)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close with a result, if this is the screen on top."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
