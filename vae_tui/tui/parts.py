"""What the app is handed after its first paint: the views, and who reads the run's files."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from textual.message import Message

from vae_tui.network import Floats
from vae_tui.tui.governor import Governor
from vae_tui.tui.views.map import Embedding
from vae_tui.tui.views.view import Scene, View


class Reader(Protocol):
    """Follows a run's files in a thread of its own."""

    def follow(self, tell: Callable[[Message], object], leave: threading.Event) -> None:
        """Tell what changes until ``leave`` is set."""

    def travel(self, step: int) -> None:
        """Ask for the weights kept at ``step``; only the newest wish counts."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is imported late."""

    views: Sequence[type[View]]
    reader: Reader
    embed: Callable[[Floats, Floats | None], Iterable[Embedding]]
    """Runs t-SNE on codes (N, d), from an earlier embedding (N, 2) where there is one; slow."""
    scene: Scene
    """What is known before anything is read."""
    governor: Governor = field(default_factory=Governor)
    """What the reader heeds."""
