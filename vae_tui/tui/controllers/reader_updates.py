"""Applies what the reader threads post: to the scene, or as a warning to the user."""

from typing import TYPE_CHECKING

from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
    NetworkLoaded,
    OverlayAdvanced,
    OverlayFailed,
    PreviewLoaded,
    ProbeLoaded,
    ReaderMessage,
    ReadingFailed,
    RunAdvanced,
    RunsListed,
)
from vae_tui.tui.state.scene_store import SceneStore

if TYPE_CHECKING:
    from textual.app import App


def apply(
    message: ReaderMessage, app: "App[None]", store: SceneStore, other_runs: OtherRuns
) -> None:
    """Update the scene, or warn of what cannot be read."""
    match message:
        case RunAdvanced(view):
            store.update(run=view)
        case ProbeLoaded(probe):
            store.update(probe=probe)
        case RunsListed(runs):
            store.update(runs=runs)
        case NetworkLoaded(network):
            store.show_newest(network)
        case KeptNetworkLoaded(network):
            store.show_past(network)
        case KeptNetworkMissing(step, reason):
            app.notify(reason, severity="warning", timeout=6, markup=False)
            store.cancel_travel(step)  # pictures must not be labelled with that step
        case PreviewLoaded(preview):
            store.update(preview=preview)
        case OverlayAdvanced(overlay):
            other_runs.show_overlay(overlay)
        case OverlayFailed(path, reason):
            other_runs.overlay_failed(path, reason)
        case ReadingFailed(reason, file):
            if file and store.newest is None:
                store.update(unreadable=file)
            app.notify(reason, severity="warning", timeout=10, markup=False)
