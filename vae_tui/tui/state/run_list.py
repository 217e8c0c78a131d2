"""All runs of a folder as they were when they were read last: one frozen value."""

from dataclasses import dataclass
from pathlib import Path

from vae_tui.run.summary import Summary


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run of the list."""

    path: Path
    summary: Summary
    wrong: str = ""
    """What of its files cannot be read."""


@dataclass(frozen=True, slots=True, eq=False)
class RunList:
    """The runs, newest first."""

    folder: str
    """As it was given; from anybody."""
    attached: Path
    """Of the run on the screen, which need not be one of the folder's."""
    rows: tuple[ListedRun, ...]
    found: int
    """How many there are: more than ``rows`` while they are read for the first time."""

    @property
    def is_whole(self) -> bool:
        """Whether every run that there is has been read."""
        return len(self.rows) == self.found
