"""Lists the other runs of the folder, overlays some on this run, or opens one instead of it."""

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vae_tui.text import printable
from vae_tui.tui.messages import OpenChecked
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.theme import OVERLAY_ROLES

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
        self._previewed: Path | None = None
        self._is_previewing = threading.Lock()
        """Held by the thread that reads previews."""
        self._overlaid: dict[Path, tuple[str, threading.Event]] = {}
        """For each overlaid run, its colour role, and what stops the thread that follows it."""

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
        """Overlay a run on this one, or remove its overlay."""
        if path in self._overlaid:
            self._end_overlay(path)
            return
        free = [role for role in OVERLAY_ROLES if role not in self._roles()]
        if self.runs is None or not free:
            if not free:
                self._warn(f"at most {len(OVERLAY_ROLES)} runs can be overlaid; unmark one first")
            return
        stop = threading.Event()
        self._overlaid[path] = free[0], stop
        follow = partial(self.runs.overlay, path, self._app.post_message, stop)
        self._app.start_thread("overlay", follow)
        text = f"{printable(path.name)} is overlaid in view 1, Train"
        self._app.notify(text, timeout=4, markup=False)

    def show_overlay(self, overlay: "Overlay") -> None:
        """Show the newest state of an overlay, if it is still requested."""
        if overlay.path in self._overlaid and self._store.scene is not None:
            role, _ = self._overlaid[overlay.path]
            shown = {one.path: one for one in self._store.scene.overlays}
            shown[overlay.path] = replace(overlay, role=role)
            ordered = tuple(shown[path] for path in self._overlaid if path in shown)
            self._store.update(overlays=ordered)

    def overlay_failed(self, path: Path, reason: str) -> None:
        """Remove an overlay and say why, if it is still requested."""
        if path in self._overlaid:
            self._end_overlay(path)
            self._warn(reason)

    def preview(self, path: Path) -> None:
        """Read the weights of a run to preview it; an earlier request not yet served is dropped."""
        self._previewed = path
        if self.runs is not None:
            self._app.start_thread("preview", partial(self._read_previews, self.runs))

    def _read_previews(self, runs: "Runs") -> None:
        with self._is_previewing:
            path, self._previewed = self._previewed, None
            if path is not None:
                runs.preview(path, self._app.post_message)

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
        for _, stop in self._overlaid.values():
            stop.set()

    def _warn(self, reason: str) -> None:
        self._app.notify(reason, severity="warning", timeout=6, markup=False)

    def _roles(self) -> list[str]:
        return [role for role, _ in self._overlaid.values()]

    def _end_overlay(self, path: Path) -> None:
        _, stop = self._overlaid.pop(path)
        stop.set()
        if (scene := self._store.scene) is not None:
            left = tuple(one for one in scene.overlays if one.path != path)
            self._store.update(overlays=left)
