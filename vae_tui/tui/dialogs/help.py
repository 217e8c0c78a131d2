"""``?``: what a view shows and which keys it has."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class HelpDialog(ModalScreen[None]):
    """Shows keys and what they do; any of its keys closes it."""

    BINDINGS = [
        Binding("escape,question_mark,q,enter,space", "dismiss_help", "Close", id="help.close"),
    ]
    DEFAULT_CSS = """
    HelpDialog { align: center middle; }
    HelpDialog VerticalScroll {
        width: 72; max-width: 96%; height: auto; max-height: 96%;
        border: round $primary; padding: 0 2; background: $surface;
    }
    """

    def __init__(self, title: str, text: str, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._keys = list(keys)

    def compose(self) -> ComposeResult:
        """Title, paragraph, keys."""
        rows = "\n".join(f"[b]{key:>8}[/b]  {what}" for key, what in self._keys)
        with VerticalScroll():
            yield Static(
                f"[b]{self._title}[/b]\n{self._text}\n\n{rows}\n\n[dim]escape closes[/dim]"
            )

    def action_dismiss_help(self) -> None:
        """Close."""
        self.dismiss(None)
