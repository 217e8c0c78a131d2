"""``i``: which digit becomes which."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from vae_tui.tui.dialogs.dialog import ClosesOnce


class ChooseDigitsDialog(ClosesOnce, ModalScreen[tuple[int, int] | None]):
    """Takes two digit keys; enter takes the ends shown."""

    BINDINGS = [
        Binding("escape", "leave", "Cancel", id="ends.cancel"),
        Binding("enter", "accept", "Go", id="ends.accept"),
    ]
    DEFAULT_CSS = """
    ChooseDigitsDialog { align: center middle; }
    ChooseDigitsDialog Vertical {
        width: 46; height: auto; border: round $primary; padding: 0 2; background: $surface;
    }
    """

    def __init__(self, labels: Sequence[int], names: Sequence[str], ends: tuple[int, int]) -> None:
        super().__init__()
        self._labels = labels
        self._names = names
        self._ends = ends if set(ends) <= set(labels) else (labels[0], labels[-1])
        self._start: int | None = None

    def compose(self) -> ComposeResult:
        """The question, and the classes where their names are not their numbers."""
        with Vertical():
            yield Static(id="question")
            if list(self._names) != [str(label) for label in range(len(self._names))]:
                yield Static(" ".join(f"[b]{n}[/b] {name}" for n, name in enumerate(self._names)))

    def on_mount(self) -> None:
        """Ask."""
        self._ask()

    def on_key(self, event: Key) -> None:
        """Take a digit."""
        if not event.key.isdecimal() or len(event.key) != 1 or int(event.key) not in self._labels:
            return
        event.stop()
        if self._start is None:
            self._start = int(event.key)
            self._ask()
        else:
            self.dismiss((self._start, int(event.key)))

    def action_accept(self) -> None:
        """Take the ends shown."""
        self.dismiss((self._start if self._start is not None else self._ends[0], self._ends[1]))

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def _ask(self) -> None:
        start, end = self._ends
        if self._start is None:
            asked, default = "Interpolate from which digit?", f"{start} into {end}"
        else:
            asked, default = f"From {self._start} into which?", str(end)
        text = f"{asked} [b]0[/b]-[b]{len(self._names) - 1}[/b]\n[dim]enter: {default}[/dim]"
        for question in self.query("#question").results(Static):  # none before it is made
            question.update(text)
