"""What the app is handed after its first paint: the views, and who reads the run's files."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from textual.message import Message

from vae_tui.arrays import Floats
from vae_tui.latent.projection import Embedding
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import View


class Reader(Protocol):
    """Follows a run's files in a thread of its own."""

    def follow(self, tell: Callable[[Message], object], leave: threading.Event) -> None:
        """Tell what changes until ``leave`` is set."""

    def request_step(self, step: int) -> None:
        """Ask for the weights kept at ``step``; only the newest wish counts."""

    def poll_faster(self) -> None:
        """Look often for a while: the trainer was asked for something, the user waits for it."""


class Runs(Protocol):
    """Reads the other runs; each method in a thread of its own."""

    limiter: RefreshLimiter

    def follow(self, tell: Callable[[Message], object], leave: threading.Event) -> None:
        """Tell of all runs, again and again, until ``leave`` is set."""

    def overlay(
        self, path: Path, tell: Callable[[Message], object], leave: threading.Event
    ) -> None:
        """Tell all of one run until ``leave`` is set."""

    def open_refusal(self, path: Path) -> str:
        """Return why a run cannot be opened, or nothing."""


@dataclass(frozen=True, slots=True)
class LateImports:
    """Everything that is imported late."""

    views: Sequence[type[View]]
    reader: Reader
    embed: Callable[[Floats, Floats | None], Iterable[Embedding]]
    """Runs t-SNE on codes (N, d), from an earlier embedding (N, 2) where there is one; slow."""
    scene: Scene
    """What is known before anything is read."""
    runs: Runs
    limiter: RefreshLimiter = field(default_factory=RefreshLimiter)
    """What the reader heeds."""
