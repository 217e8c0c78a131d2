"""``i``: which digit becomes which."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.widgets import Static

from vae_tui.text import printable
from vae_tui.tui.dialogs.dialog import Dialog


class ChooseDigitsDialog(Dialog[tuple[int, int] | None]):
    """Takes two digit keys; closes with the two classes, or with None."""

    BINDINGS = [
        Binding("escape", "dismiss", "Cancel", id="ends.cancel"),
        Binding("enter", "accept", "Go", id="ends.accept"),
    ]
    DEFAULT_CSS = "ChooseDigitsDialog > Vertical { width: 54; }"

    def __init__(
        self, labels: Sequence[int], names: Sequence[str], proposed: tuple[int, int]
    ) -> None:
        """Offer the classes ``labels``; ``names`` has the name of every class, present or not."""
        super().__init__()
        self._labels = labels
        self._names = names
        self._proposed = proposed if set(proposed) <= set(labels) else (labels[0], labels[-1])
        self._start: int | None = None

    def compose(self) -> ComposeResult:
        """Yield the question, and the classes if their names are not their numbers."""
        with Vertical() as box:
            box.border_title = "Morph"
            yield Static(id="question")
            if any(name != str(label) for label, name in enumerate(self._names)):
                named = [
                    Content.from_markup("[b]$key[/b] $name", key=str(key), name=printable(name))
                    for key, name in enumerate(self._names)
                ]
                yield Static(Content(" ").join(named))

    def on_mount(self) -> None:
        """Ask for the first digit."""
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
        """Close with the proposed classes for those not typed."""
        start, end = self._proposed
        self.dismiss((start if self._start is None else self._start, end))

    def _ask(self) -> None:
        start, end = self._proposed
        if self._start is None:
            question, default = "From which class?", f"{start} into {end}"
        else:
            question, default = f"From {self._start} into which class?", f"into {end}"
        digits = f"0-{len(self._names) - 1}"
        keys = self.keys_line(
            (digits, "choose"), ("ends.accept", default), ("ends.cancel", "cancel")
        )
        for line in self.query("#question").results(Static):  # none before it is composed
            line.update(question)
        for box in self.query(Vertical):
            box.border_subtitle = keys
