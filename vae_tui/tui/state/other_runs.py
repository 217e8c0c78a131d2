"""The other runs of the folder: their list, and those overlaid on the run on the screen."""

from dataclasses import dataclass
from pathlib import Path

from vae_tui.model.numpy_network import Network
from vae_tui.run.summary import Summary
from vae_tui.tui.state.run_view import RunView

OVERLAID = "overlay"
"""Colour role of the first overlaid run."""
LONGEST_NAME = 16
"""Characters of the name of an overlaid run."""


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run of the list."""

    path: Path
    summary: Summary
    wrong: str = ""
    """Which of its files cannot be read, and why."""


@dataclass(frozen=True, slots=True, eq=False)
class RunList:
    """The runs of a folder when it was last read, newest first."""

    folder: str
    """As the user gave it; untrusted text."""
    attached: Path
    """The run on the screen, which need not be in the folder."""
    rows: tuple[ListedRun, ...]
    found: int
    """How many runs the folder holds: more than ``rows`` during the first read."""

    @property
    def is_whole(self) -> bool:
        """Whether every run of the folder has been read."""
        return len(self.rows) == self.found


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The newest weights of a run that the list previews."""

    path: Path
    network: Network | None
    why_not: str = ""
    """Why they cannot be read."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Another run, whose curves and digits are drawn over those of the run on the screen."""

    path: Path
    run: RunView
    """Its name is safe to print."""
    network: Network | None = None
    """Its newest weights."""
    unreadable: str = ""
    """The name of its weights file, if that exists and cannot be read."""
    role: str = OVERLAID
    """Role of the colour of everything that belongs to it."""

    def why_no_digits(self, network: Network) -> str:
        """Return why its digits cannot be drawn beside those of ``network``, or an empty string.

        Both decode the same z, so their codes must have the same size. The most important words
        come first: captions are cut.
        """
        if self.unreadable:
            return f"cannot be read · {self.unreadable}"
        if self.network is None:
            return "its folder is gone" if self.run.gone else "no weights · curves only"
        ours, theirs = network.latent_dim, self.network.latent_dim
        return "" if ours == theirs else f"d = {theirs}, not {ours} · no common z"
