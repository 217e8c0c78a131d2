"""``i``: which class becomes which."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Key
from textual.widgets import Static

from vae_tui.terminal.class_colours import class_mark
from vae_tui.text import printable
from vae_tui.tui.dialogs.dialog import Dialog

WIDTH, SIDES = 54, 6
"""Cells of the box, and of its borders and margins."""


class ChooseDigitsDialog(Dialog[tuple[int, int] | None]):
    """Takes the marks of two classes, 0 to 9 and then letters; closes with both, or with None."""

    BINDINGS = [
        Binding("escape", "dismiss", "Cancel", id="ends.cancel"),
        Binding("enter", "accept", "Go", id="ends.accept"),
    ]
    DEFAULT_CSS = f"ChooseDigitsDialog > Vertical {{ width: {WIDTH}; }}"

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
                    Content.from_markup(
                        "[b]$key[/b] $name", key=class_mark(label), name=printable(name)
                    )
                    for label, name in enumerate(self._names)
                ]
                yield Static(Content("\n").join(_lines(named)))

    def on_mount(self) -> None:
        """Ask for the first class."""
        self._ask()

    def on_key(self, event: Key) -> None:
        """Take the mark of a class."""
        chosen = [label for label in self._labels if class_mark(label) == event.character]
        if not chosen:
            return
        event.stop()
        if self._start is None:
            self._start = chosen[0]
            self._ask()
        else:
            self.dismiss((self._start, chosen[0]))

    def action_accept(self) -> None:
        """Close with the proposed classes for those not typed."""
        start, end = self._proposed
        self.dismiss((start if self._start is None else self._start, end))

    def _ask(self) -> None:
        start, end = self._proposed
        if self._start is None:
            question = "From which class?"
            default = f"{class_mark(start)} into {class_mark(end)}"
        else:
            question = f"From {class_mark(self._start)} into which class?"
            default = f"into {class_mark(end)}"
        marks = f"0-{class_mark(len(self._names) - 1)}"
        keys = self.keys_line(
            (marks, "choose"), ("ends.accept", default), ("ends.cancel", "cancel")
        )
        for line in self.query("#question").results(Static):  # none before it is composed
            line.update(question)
        for box in self.query(Vertical):
            box.border_subtitle = keys


def _lines(names: Sequence[Content]) -> list[Content]:
    """Return names two cells apart, in lines that break only between them."""
    lines: list[Content] = []
    for name in names:
        if lines and lines[-1].cell_length + 2 + name.cell_length <= WIDTH - SIDES:
            lines[-1] = Content("  ").join([lines[-1], name])
        else:
            lines.append(name)
    return lines
