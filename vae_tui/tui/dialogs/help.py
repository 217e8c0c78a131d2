"""``?``: what the view shows, and the keys."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from vae_tui.tui.dialogs.dialog import Dialog
from vae_tui.tui.keys.active_keys import ExplainedKey

Keys = Iterable[ExplainedKey]


class HelpDialog(Dialog[None]):
    """Shows the keys and what they do."""

    BINDINGS = [Binding("escape,question_mark,q,enter,space", "dismiss", "Close", id="help.close")]
    DEFAULT_CSS = "HelpDialog > VerticalScroll { width: 76; max-height: 100%; }"

    def __init__(self, title: str, text: str, own: Keys, everywhere: Keys) -> None:
        """Explain a view in plain ``text``; keys are pairs of key and meaning."""
        super().__init__()
        self._title = title
        common = Content.assemble(("Everywhere", "b"), "\n", _table(everywhere))
        self._parts = [_table(own), Content(text), common]

    def compose(self) -> ComposeResult:
        """Yield the keys of the view, what it shows, the keys of all views."""
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = "arrows scroll, escape closes"
            yield Static(Content("\n\n").join(part for part in self._parts if part))


def _table(keys: Keys) -> Content:
    lines = (Content.assemble((f"{one.key:>7}", "b"), "  ", one.meaning) for one in keys)
    return Content("\n").join(lines)
