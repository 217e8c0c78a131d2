"""What threads post to the app."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.probe import Probe
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.state.other_runs import Overlay, Preview, RunList
    from vae_tui.tui.state.run_view import RunView
    from vae_tui.tui.views.view import View

Post = Callable[[Message], object]
"""Passes a message on from a thread."""


@dataclass
class LateImportsLoaded(Message):
    """The first view and the readers have been imported."""

    imports: "LateImports"


@dataclass
class MoreViewsLoaded(Message):
    """The views that are not shown first have been imported."""

    views: "Sequence[type[View]]"


@dataclass
class ThreadFailed(Message):
    """A thread of the app raised an error and has ended."""

    error: Exception


class ReaderMessage(Message):
    """What a thread has read from the files of a run."""


@dataclass
class RunAdvanced(ReaderMessage):
    """The run's files contain more than before."""

    view: "RunView"


@dataclass
class NetworkLoaded(ReaderMessage):
    """Newer weights have been loaded."""

    network: "Network"


@dataclass
class KeptNetworkLoaded(ReaderMessage):
    """The weights of an earlier step have been loaded."""

    network: "Network"


@dataclass
class KeptNetworkMissing(ReaderMessage):
    """The weights of an earlier step cannot be loaded any more."""

    step: int
    reason: str


@dataclass
class ProbeLoaded(ReaderMessage):
    """The run's test images have been loaded."""

    probe: "Probe"


@dataclass
class UserReturned(Message):
    """The user was away for a while."""

    summary: str
    """What happened to the run meanwhile, in one sentence."""


@dataclass
class ReadingFailed(ReaderMessage):
    """A file of the run cannot be read; the others are still shown."""

    reason: str
    file: str = ""
    """The file's name if nothing of it can be shown."""


@dataclass
class RunsListed(ReaderMessage):
    """The runs of the folder have been read again."""

    runs: "RunList"


@dataclass
class OverlayAdvanced(ReaderMessage):
    """The files of the overlaid run contain more than before."""

    overlay: "Overlay"


@dataclass
class OverlayFailed(ReaderMessage):
    """A run cannot be overlaid."""

    path: Path
    reason: str


@dataclass
class PreviewLoaded(ReaderMessage):
    """The weights of a run that is previewed have been read, or cannot be."""

    preview: "Preview"


@dataclass
class OpenChecked(Message):
    """Another run, which the user chose, can be opened."""

    path: Path
