"""Applies what the reader threads post: to the scene, or as a warning to the user."""

from typing import TYPE_CHECKING

from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
    NetworkLoaded,
    OverlayAdvanced,
    OverlayFailed,
    ProbeLoaded,
    ReaderMessage,
    ReadingFailed,
    RunAdvanced,
    RunsListed,
)
from vae_tui.tui.state.scene_store import SceneStore

if TYPE_CHECKING:
    from textual.app import App


class ReaderUpdates:
    """Routes each `ReaderMessage` to what it changes.

    Args:
        app: Shows warnings.
        store: Holds the scene.
        other_runs: Knows which overlay was requested last.
    """

    def __init__(self, app: "App[None]", store: SceneStore, other_runs: OtherRuns) -> None:
        self._app = app
        self._store = store
        self._other_runs = other_runs

    def apply(self, message: ReaderMessage) -> None:
        """Update the scene, or warn of what cannot be read."""
        match message:
            case RunAdvanced(view):
                self._store.update(run=view)
            case ProbeLoaded(probe):
                self._store.update(probe=probe)
            case RunsListed(runs):
                self._store.update(runs=runs)
            case NetworkLoaded(network):
                self._store.show_newest(network)
            case KeptNetworkLoaded(network):
                self._store.show_past(network)
            case KeptNetworkMissing(step, reason):
                self._warn(reason)
                self._store.cancel_travel(step)  # pictures must not be labelled with that step
            case OverlayAdvanced(overlay):
                self._other_runs.show_overlay(overlay)
            case OverlayFailed(path, reason):
                self._other_runs.overlay_failed(path, reason)
            case ReadingFailed(reason, file):
                if file and self._store.newest is None:
                    self._store.update(unreadable=file)
                self._warn(reason, seconds=10)

    def _warn(self, reason: str, seconds: float = 6) -> None:
        self._app.notify(reason, severity="warning", timeout=seconds, markup=False)
