"""``?``: what the view shows, and the keys."""

from collections.abc import Iterable

from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from vae_tui.tui.dialogs.dialog import Dialog

Keys = Iterable[tuple[str, str]]


class HelpDialog(Dialog[None]):
    """Shows the keys and what they do."""

    BINDINGS = [
        Binding("escape,question_mark,q,enter,space", "dismiss", "Close", id="help.close"),
    ]
    DEFAULT_CSS = "HelpDialog > VerticalScroll { width: 76; max-height: 100%; }"

    def __init__(self, title: str, text: str, own: Keys, everywhere: Keys) -> None:
        """Explain a view: its own keys, then those of all views, as pairs of key and meaning."""
        super().__init__()
        self._title = title
        self._parts = [_table(own), text, f"[b]Everywhere[/b]\n{_table(everywhere)}"]

    def compose(self) -> ComposeResult:
        """Yield the keys of the view, what it shows, the keys of all views."""
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = "arrows scroll, escape closes"
            yield Static("\n\n".join(part for part in self._parts if part))


def _table(keys: Keys) -> str:
    return "\n".join(f"[b]{escape(key):>7}[/b]  {escape(what)}" for key, what in keys)
