"""Lists the other runs of the folder, overlays one on this run, or opens one instead of it."""

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vae_tui.text import printable
from vae_tui.tui.messages import OpenChecked
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.ports import Runs
    from vae_tui.tui.state.other_runs import Overlay


class OtherRuns:
    """Starts and stops the threads that read other runs; they post to the app."""

    def __init__(self, app: TerminalApp, store: SceneStore) -> None:
        self.runs: Runs | None = None
        """Reads the runs; None before the late imports."""
        self._app = app
        self._store = store
        self._stop_listing: threading.Event | None = None
        """Stops the thread that reads the list; None while there is none."""
        self._overlaid: Path | None = None
        self._stop_overlay = threading.Event()
        """Stops the thread that follows the overlaid run."""

    def set_listing(self, on: bool) -> None:
        """Read the list of runs repeatedly, or stop reading it."""
        if self._stop_listing is not None and not on:
            self._stop_listing.set()
            self._stop_listing = None
        elif self._stop_listing is None and on and self.runs is not None:
            self._stop_listing = threading.Event()
            follow = partial(self.runs.follow, self._app.post_message, self._stop_listing)
            self._app.start_thread("runs", follow)

    def toggle_overlay(self, path: Path) -> None:
        """Overlay a run instead of any other; remove the overlay if it is that run's."""
        was_overlaid = path == self._overlaid
        self._end_overlay()
        if was_overlaid or self.runs is None:
            return
        self._overlaid, self._stop_overlay = path, threading.Event()
        follow = partial(self.runs.overlay, path, self._app.post_message, self._stop_overlay)
        self._app.start_thread("overlay", follow)
        text = f"{printable(path.name)} is overlaid in view 1, Train; x again removes it"
        self._app.notify(text, timeout=4, markup=False)

    def show_overlay(self, overlay: "Overlay") -> None:
        """Show the overlay if it is still the one requested."""
        if overlay.path == self._overlaid:
            self._store.update(overlay=overlay)

    def overlay_failed(self, path: Path, reason: str) -> None:
        """Remove the overlay and say why, if it is still the one requested."""
        if path == self._overlaid:
            self._end_overlay()
            self._warn(reason)

    def check_open(self, path: Path) -> None:
        """Check in a thread whether a run can be opened: post `OpenChecked`, or say why not."""
        if (runs := self.runs) is not None:

            def check() -> None:
                if refusal := runs.open_refusal(path):
                    self._warn(refusal)
                else:
                    self._app.post_message(OpenChecked(path))

            self._app.start_thread("open", check)

    def end(self) -> None:
        """Let the threads return."""
        self.set_listing(False)
        self._stop_overlay.set()

    def _warn(self, reason: str) -> None:
        self._app.notify(reason, severity="warning", timeout=6, markup=False)

    def _end_overlay(self) -> None:
        self._stop_overlay.set()
        self._overlaid = None
        self._store.update(overlay=None)
