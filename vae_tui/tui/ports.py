"""What the app receives after its first paint: the views, and readers of the runs' files."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vae_tui.arrays import Floats
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import Post
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import View

if TYPE_CHECKING:
    from vae_tui.latent.mixture import Mixture
    from vae_tui.latent.posterior import Posteriors
    from vae_tui.latent.projection import Embedding
    from vae_tui.tui.dialogs.draw import DrawDialog
    from vae_tui.tui.dialogs.open_image import OpenImageDialog


class Reader(Protocol):
    """Follows one run's files in a thread."""

    def follow(self, post: Post, stop: threading.Event, /) -> None:
        """Post what changes until ``stop`` is set."""

    def request_step(self, step: int) -> None:
        """Load the weights kept at ``step`` next; an earlier request not yet served is dropped."""

    def poll_faster(self) -> None:
        """Poll more often for a moment: a command was sent and the user waits for its effect."""


class Runs(Protocol):
    """Reads the other runs of the folder; each method blocks and is called in a thread."""

    limiter: RefreshLimiter

    def follow(self, post: Post, stop: threading.Event, /) -> None:
        """Post the list of runs repeatedly until ``stop`` is set."""

    def overlay(self, path: Path, post: Post, stop: threading.Event, /) -> None:
        """Post what changes in one run until ``stop`` is set."""

    def preview(self, path: Path, post: Post, /) -> None:
        """Post the newest weights of one run."""

    def open_refusal(self, path: Path) -> str:
        """Return why a run cannot be opened, or an empty string."""


@dataclass(frozen=True, slots=True)
class LateImports:
    """Everything that is imported after the first paint.

    The dialogs and ``more_views`` import when called; so do the slow functions.
    """

    views: Sequence[type[View]]
    """Those that are mounted at once."""
    reader: Reader
    embed: Callable[[Floats, Floats | None], Iterable["Embedding"]]
    """Runs t-SNE on codes (N, d), from an earlier embedding (N, 2) if there is one; slow."""
    fit_mixture: Callable[["Posteriors"], "Mixture"]
    """Fits a mixture of Gaussians to codes; slow."""
    scene: Scene
    """The scene before anything has been read."""
    runs: Runs
    draw_dialog: "Callable[[], type[DrawDialog]]"
    """Returns the dialog in which the user draws a digit."""
    open_image_dialog: "Callable[[], type[OpenImageDialog]]"
    """Returns the dialog in which the user opens an image."""
    more_views: Callable[[], Sequence[type[View]]] = tuple
    """Returns the views after the first ones; called in a thread when those have shown digits."""
    limiter: RefreshLimiter = field(default_factory=RefreshLimiter)
    """Limits how often the reader posts."""
    warning: tuple[str, ...] = ()
    """Parts of a line that is shown until a key is pressed."""
