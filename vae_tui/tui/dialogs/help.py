"""``?``: what the view shows, and the keys."""

from collections.abc import Iterable

from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from vae_tui.tui.dialogs.dialog import ClosesOnce


class HelpDialog(ClosesOnce, ModalScreen[None]):
    """Shows the keys and what they do."""

    BINDINGS = [
        Binding("escape,question_mark,q,enter,space", "dismiss_help", "Close", id="help.close"),
    ]
    DEFAULT_CSS = """
    HelpDialog { align: center middle; }
    HelpDialog VerticalScroll {
        width: 76; max-width: 96%; height: auto; max-height: 100%;
        border: round $primary; padding: 0 2; background: $surface;
    }
    """

    def __init__(
        self,
        title: str,
        text: str,
        own: Iterable[tuple[str, str]],
        everywhere: Iterable[tuple[str, str]],
    ) -> None:
        """Explain a view: its own keys, then those of all views, as pairs of key and meaning."""
        super().__init__()
        self._title = title
        self._text = text
        self._own = own
        self._everywhere = everywhere

    def compose(self) -> ComposeResult:
        """Yield the keys of the view, what it shows, the keys of all views."""
        parts = [_table(self._own), self._text, f"[b]Everywhere[/b]\n{_table(self._everywhere)}"]
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = "arrows scroll, escape closes"
            yield Static("\n\n".join(part for part in parts if part))

    def action_dismiss_help(self) -> None:
        """Close."""
        self.dismiss(None)


def _table(keys: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"[b]{escape(key):>7}[/b]  {escape(what)}" for key, what in keys)
