"""What threads tell the app."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.probe import Probe
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.state.other_runs import Overlay
    from vae_tui.tui.state.run_list import RunList
    from vae_tui.tui.state.run_view import RunView


@dataclass
class LateImportsLoaded(Message):
    """The views and the reader have been imported."""

    parts: "LateImports"


@dataclass
class ThreadFailed(Message):
    """A thread of ours has a bug: nothing it would tell can be relied on any more."""

    error: Exception


@dataclass
class RunAdvanced(Message):
    """The run's files say more than before."""

    view: "RunView"


@dataclass
class NetworkLoaded(Message):
    """Newer weights can decode."""

    network: "Network"


@dataclass
class KeptNetworkLoaded(Message):
    """The weights of an earlier step can decode."""

    network: "Network"


@dataclass
class KeptNetworkMissing(Message):
    """The weights of an earlier step cannot be had any more."""

    step: int
    why: str


@dataclass
class ProbeLoaded(Message):
    """The run's test images."""

    probe: "Probe"


@dataclass
class UserReturned(Message):
    """The user was away for a while."""

    missed: str
    """What became of the run, in a sentence."""


@dataclass
class ReadingFailed(Message):
    """A file of the run cannot be read; the rest is shown all the same."""

    why: str
    file: str = ""
    """Its name, when nothing of it can be shown."""


@dataclass
class RunsListed(Message):
    """The runs of the folder have been read again."""

    runs: "RunList"


@dataclass
class OverlayAdvanced(Message):
    """There is more to show of the run that is laid over this one."""

    overlay: "Overlay"


@dataclass
class OverlayFailed(Message):
    """A run cannot be laid over this one."""

    path: Path
    why: str


@dataclass
class OpenChecked(Message):
    """It was looked whether another run can be opened."""

    path: Path
    why: str
    """Why it cannot; empty when it can."""
