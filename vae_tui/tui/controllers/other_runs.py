"""The other runs of the folder: listed, laid over the one on the screen, opened instead of it."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vae_tui.text import printable
from vae_tui.tui.messages import OpenChecked
from vae_tui.tui.state.scene_store import SceneStore

if TYPE_CHECKING:  # numpy is imported after the first paint
    from textual.app import App

    from vae_tui.tui.ports import Runs
    from vae_tui.tui.state.other_runs import Overlay


class OtherRuns:
    """Has the other runs read as long as somebody looks at them.

    Args:
        app: Shows notes, and is told by the threads.
        store: Is told of the list and the overlay.
        start_thread: Runs something of this name beside the screen.
    """

    def __init__(
        self,
        app: "App[None]",
        store: SceneStore,
        start_thread: Callable[[str, Callable[[], None]], None],
    ) -> None:
        self.runs: Runs | None = None
        """None before the views are there."""
        self._app = app
        self._store = store
        self._start_thread = start_thread
        self._listing: threading.Event | None = None
        """Ends the thread that reads the list."""
        self._overlaying: threading.Event | None = None
        """Ends the thread that follows the run laid over this one."""
        self._overlaid: Path | None = None

    def list(self, *, wanted: bool) -> None:
        """Have all runs read, from now on or no more."""
        if self._listing is not None and not wanted:
            self._listing.set()
            self._listing = None
        elif self._listing is None and wanted and self.runs is not None:
            self._listing = threading.Event()
            follow = partial(self.runs.follow, self._app.post_message, self._listing)
            self._start_thread("runs", follow)

    def turn_overlay(self, path: Path) -> None:
        """Lay a run over this one instead of any other, or take it away when it is that one."""
        is_there = path == self._overlaid
        self._end_overlay()
        if is_there or self.runs is None:
            return
        self._overlaid, self._overlaying = path, threading.Event()
        post = self._app.post_message
        self._start_thread("overlay", partial(self.runs.overlay, path, post, self._overlaying))
        words = f"{printable(path.name)} is laid over view 1, Train; x again takes it away"
        self._app.notify(words, timeout=4, markup=False)

    def take_overlay(self, overlay: "Overlay") -> None:
        """Show the overlay, if it is still wanted."""
        if overlay.path == self._overlaid:
            self._store.update(overlay=overlay)

    def miss_overlay(self, path: Path, why: str) -> None:
        """Say why a run cannot be laid over this one, if it is still wanted."""
        if path == self._overlaid:
            self._end_overlay()
            self._app.notify(why, severity="warning", timeout=6, markup=False)

    def open(self, path: Path) -> None:
        """Have it looked whether a run can be opened."""
        if (runs := self.runs) is not None:

            def look() -> None:
                self._app.post_message(OpenChecked(path, runs.open_refusal(path)))

            self._start_thread("open", look)

    def leave(self) -> None:
        """Let all threads end."""
        for ending in (self._listing, self._overlaying):
            if ending is not None:
                ending.set()

    def _end_overlay(self) -> None:
        if self._overlaying is not None:
            self._overlaying.set()
        self._overlaid = self._overlaying = None
        self._store.update(overlay=None)
