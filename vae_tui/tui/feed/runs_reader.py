"""Lists the runs of a folder, and follows one of them; runs in threads and posts messages."""

import contextlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from textual.message import Message

from vae_tui.errors import VaeTuiError
from vae_tui.model import config_or_fallback, load_network
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import all_runs, holds_run
from vae_tui.run.summary import RunFollower
from vae_tui.text import printable
from vae_tui.tui.feed.run_reader import RunReader
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import (
    NetworkLoaded,
    OverlayAdvanced,
    OverlayFailed,
    Post,
    PreviewLoaded,
    ReadingFailed,
    RunAdvanced,
    RunsListed,
)
from vae_tui.tui.state.other_runs import ListedRun, Overlay, Preview, RunList
from vae_tui.tui.state.run_view import RunView

LIST_SECONDS = 2.0
PROGRESS_SECONDS = 0.3
"""Interval of messages on how many of many runs have been read."""


class RunsFolder:
    """The runs of ``runs_dir``, or of the folder of ``attached``, the run on the screen.

    Commands name a run as `Run.reference` does for ``plain_runs_dir``.
    """

    def __init__(
        self,
        runs_dir: Path,
        attached: Path,
        limiter: RefreshLimiter | None = None,
        plain_runs_dir: Path | None = None,
    ) -> None:
        self.limiter = limiter or RefreshLimiter()
        self._runs_dir = _folder_of(attached, runs_dir)
        self._plain_runs_dir = plain_runs_dir
        self._attached = attached
        self._known: dict[Path, RunFollower] = {}
        self._is_read = False
        self._reading = threading.Lock()
        """The previous thread may still be reading when the next one begins."""

    def follow(self, post: Post, stop: threading.Event) -> None:
        """Post the list of runs every two seconds until ``stop`` is set."""
        while not stop.is_set():
            with self._reading:
                self._read(post, stop)
            stop.wait(LIST_SECONDS)

    def overlay(self, path: Path, post: Post, stop: threading.Event) -> None:
        """Post the state of one run until ``stop`` is set, or why it cannot be opened."""
        if why := self.open_refusal(path):
            post(OverlayFailed(path, why))
            return
        run = Run(path)
        config, damage = config_or_fallback(run)
        unread, name = float(_is_there(run.events)), printable(run.name)
        view = RunView(name, config, unread=unread, epochs=config.epochs, damage=damage)
        overlay = Overlay(path, view)
        post(OverlayAdvanced(overlay))

        def take(message: Message) -> None:
            """Combine the messages of the run's reader into one `Overlay`, and post that."""
            nonlocal overlay
            match message:
                case RunAdvanced():
                    overlay = replace(overlay, run=message.view)
                case NetworkLoaded():
                    overlay = replace(overlay, network=message.network, unreadable="")
                case ReadingFailed():
                    post(ReadingFailed(message.reason))
                    if not message.file or overlay.network is not None:
                        return
                    overlay = replace(overlay, unreadable=message.file)
                case _:  # only the attached run needs it
                    return
            post(OverlayAdvanced(overlay))

        RunReader(run, view, limiter=self.limiter).follow(take, stop)

    def preview(self, path: Path, post: Post) -> None:
        """Post the newest weights of one run, or why they cannot be read."""
        config, _ = config_or_fallback(Run(path))
        try:
            post(PreviewLoaded(Preview(path, load_network(Run(path).weights, config))))
        except VaeTuiError as error:
            post(PreviewLoaded(Preview(path, None, brief(str(error), path))))

    def open_refusal(self, path: Path) -> str:
        """Return why a run cannot be opened, or nothing; a damaged one may still be shown."""
        name, run = printable(path.name), Run(path)
        if not holds_run(path):
            return f"{name} is not there any more"
        _, damage = config_or_fallback(run)
        if damage and not _is_there(run.events) and not _is_there(run.weights):
            return f"{name} cannot be opened: {brief(damage, path)}"
        return ""

    def _read(self, post: Post, stop: threading.Event) -> None:
        found = all_runs(self._runs_dir)
        folder = str(self._runs_dir)
        self._attached = _as_listed(self._attached, found)
        self._known = {
            run.path: self._known.get(run.path) or RunFollower(run, self._plain_runs_dir)
            for run in found
        }
        rows: list[ListedRun] = []
        posted_at = time.monotonic()
        for path, known in self._known.items():
            if stop.is_set():
                return
            summary, wrong = known.summarise()
            rows.append(ListedRun(path, summary, brief(wrong[0], path) if wrong else ""))
            if not self._is_read and time.monotonic() - posted_at > PROGRESS_SECONDS:
                posted_at = time.monotonic()
                post(RunsListed(RunList(folder, self._attached, tuple(rows), len(found))))
        self._is_read = True
        post(RunsListed(RunList(folder, self._attached, tuple(rows), len(found))))


def _folder_of(attached: Path, runs_dir: Path) -> Path:
    """Return ``runs_dir`` if the run is there, else the folder in which it is."""
    with contextlib.suppress(OSError):
        if attached.parent.resolve() == runs_dir.resolve():
            return runs_dir
    return attached.parent


def _as_listed(path: Path, found: list[Run]) -> Path:
    """Return the path under which the list has this run: links may lead to it too."""
    paths = [run.path for run in found]
    with contextlib.suppress(OSError):
        if path not in paths:
            return next((other for other in paths if other.resolve() == path.resolve()), path)
    return path


def _is_there(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - False, not an error, without permission


def brief(why: str, path: Path) -> str:
    """Return an error message without the path of the run, printable."""
    return printable(why.replace(f"{path}/", "", 1))
