"""Follows a run folder in a thread: reads, computes and posts; touches no widget."""

import contextlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.message import Message

from vae_tui.errors import VaeTuiError
from vae_tui.model import load_network
from vae_tui.model.probe import load_probe
from vae_tui.run.events import EpochEnded, LossesMeasured, WeightsSaved
from vae_tui.run.files import LineTail, is_read_only
from vae_tui.run.folder import Run
from vae_tui.text import printable
from vae_tui.tui.feed.absence_tracker import AbsenceTracker
from vae_tui.tui.feed.fast_events import EventBlock, decode_block
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
    NetworkLoaded,
    ProbeLoaded,
    ReadingFailed,
    RunAdvanced,
)
from vae_tui.tui.state.losses import LossRows
from vae_tui.tui.state.run_view import RunView, advance

Post = Callable[[Message], object]

LIVENESS_SECONDS = 0.5
PROGRESS_SECONDS = 0.2
"""Between two words of how far a long log has been read."""
HASTE_SECONDS, HASTY_POLL_SECONDS = 1.0, 0.05
"""For so long after the trainer was asked for something its answer is looked for so often."""
BLOCK_BYTES = 1 << 17
"""Of the log at once: a millisecond, in which no key is answered."""
_ROUTINE = (LossesMeasured, LossRows, EpochEnded, WeightsSaved)
"""What comes all the time: told when charts are due; everything else at once."""


class RunReader:
    """Reads one run's folder."""

    def __init__(
        self,
        run: Run,
        view: RunView,
        absence: AbsenceTracker | None = None,
        limiter: RefreshLimiter | None = None,
    ) -> None:
        self._run = run
        self._absence = absence
        self._limiter = limiter or RefreshLimiter()
        self._tail = LineTail(run.events)
        self._first = replace(view, unread=0.0)
        self._view = self._first
        self._told: RunView | None = None
        self._files_at = -math.inf
        self._progress_at = math.inf
        self._restarts = 0
        self._live_at = 0.0
        self._caught_up = False
        self._probe_told = False
        self._weights_seen: tuple[int, int] | None = None
        self._lines = self._odd_lines = 0
        self._odd_told = 1
        """So many lines that are no events are worth a word: 1, then ten times as many."""
        self._complaint = ""
        self._wanted_step: int | None = None
        self._hasty_until = -math.inf
        self._wake = threading.Event()

    def follow(self, post: Post, leave: threading.Event) -> None:
        """Post what changes until ``leave`` is set."""
        self._progress_at = time.monotonic()
        while not leave.is_set():
            more = self._read_events(post)
            if not more or time.monotonic() - self._files_at > PROGRESS_SECONDS:
                self._read_files(post)
                self._files_at = time.monotonic()
            if not more:
                if self._absence:
                    self._absence.look(self._view, self._tail.offset, post)
                self._wake.wait(self._poll_seconds())
                self._wake.clear()
            self._go_back(post)

    def poll_faster(self) -> None:
        """Look often for a while: the trainer was asked for something, the user waits for it."""
        self._hasty_until = time.monotonic() + HASTE_SECONDS
        self._wake.set()

    def request_step(self, step: int) -> None:
        """Ask for the weights kept at ``step``; only the newest wish counts."""
        self._wanted_step = step
        self._wake.set()

    def _poll_seconds(self) -> float:
        usual = self._limiter.poll_seconds
        return min(usual, HASTY_POLL_SECONDS) if time.monotonic() < self._hasty_until else usual

    def _go_back(self, post: Post) -> None:
        step, self._wanted_step = self._wanted_step, None
        if step is not None:
            path = self._run.kept_weights(step)
            try:
                post(KeptNetworkLoaded(load_network(path, self._view.config)))
            except VaeTuiError as error:  # thinned away in between, or damaged
                post(KeptNetworkMissing(step, printable(str(error))))

    def _read_events(self, post: Post) -> bool:
        """Take in one block of events; return whether there may be more at once."""
        now = time.monotonic()
        if now - self._live_at > LIVENESS_SECONDS:
            self._view, self._live_at = self._look(self._view), now
        before = self._tail.offset
        block = self._take_block(post)
        view = advance(self._view, block.happened) if block.happened else self._view
        if block.happened and self._caught_up:
            view = replace(view, heard_at=time.time())
        self._view = view
        if before != self._tail.offset < self._tail.size:
            self._post_progress(post, now)
            return True
        self._progress_at = now
        urgent = any(not isinstance(event, _ROUTINE) for event in block.happened)
        if view is not self._told and (urgent or self._limiter.charts_due()):
            self._told = view
            post(RunAdvanced(view))
        self._caught_up = True
        return False

    def _look(self, view: RunView) -> RunView:
        """Return the view with what the folder tells of the trainer and of kept weights."""
        since = view.live_since
        with contextlib.suppress(OSError):
            since = self._run.lock.stat().st_mtime
        pid = self._run.pid()
        live = pid is not None or self._run.is_live()
        seen: dict[str, Any] = {
            "live": live,
            "gone": not live and not self._run.path.is_dir(),
            "read_only": live and is_read_only(self._run.path),
            "live_since": since,
            "live_pid": pid,
            "is_here": pid is not None and self._run.trains_here(pid),
            "kept": tuple(self._run.kept_steps()),
            # The clock was set back: silence is counted from now on.
            "heard_at": min(view.heard_at, time.time()),
        }
        if all(getattr(view, name) == value for name, value in seen.items()):
            return view
        return replace(view, **seen)

    def _post_progress(self, post: Post, now: float) -> None:
        """Say how much is still to be read; what has been read so far would post of the past."""
        if now - self._progress_at >= PROGRESS_SECONDS:
            self._told, self._progress_at = None, now
            unread = 1 - self._tail.offset / self._tail.size
            post(RunAdvanced(replace(self._first, live=self._view.live, unread=unread)))

    def _take_block(self, post: Post) -> EventBlock:
        try:
            block = decode_block(self._tail.read_block(BLOCK_BYTES))
        except OSError as error:
            self._complain(post, f"{self._run.events} cannot be read: {error.strerror}")
            return EventBlock([], [], 0)
        if self._tail.restarts != self._restarts:
            self._restarts, self._view, self._lines = self._tail.restarts, self._first, 0
        if block.wrong:
            self._complain_of_lines(post, block)
        self._lines += block.lines
        return block

    def _complain_of_lines(self, post: Post, block: EventBlock) -> None:
        """Say which line is no event; of many once, and again when they are ten times as many."""
        self._odd_lines += len(block.wrong)
        if self._odd_lines < self._odd_told:
            return
        self._odd_told = 10 * self._odd_lines
        first = block.wrong[0]
        what = f"{self._run.events} line {self._lines + first.line} is no event ({first.why})"
        more = f", nor are {self._odd_lines - 1:,} others" if self._odd_lines > 1 else ""
        self._complain(post, f"{what}{more}; what is one is shown")

    def _read_files(self, post: Post) -> None:
        probe, config = self._run.probe, self._view.config
        with contextlib.suppress(OSError):  # not there yet; what else is wrong, reading tells
            if not self._probe_told and probe.stat().st_size:
                self._probe_told = True
                self._try(post, probe, lambda: ProbeLoaded(load_probe(probe, config)))
        with contextlib.suppress(OSError):
            status = self._run.weights.stat()
            # The name stays, the file is another one each time.
            seen = (status.st_ino, status.st_mtime_ns)
            if seen != self._weights_seen and self._limiter.pictures_due():
                self._weights_seen = seen
                weights = self._run.weights
                self._try(post, weights, lambda: NetworkLoaded(load_network(weights, config)))

    def _try(self, post: Post, path: Path, load: Callable[[], Message]) -> None:
        try:
            post(load())
        except VaeTuiError as error:
            self._complain(post, str(error), path.name)

    def _complain(self, post: Post, why: str, file: str = "") -> None:
        if why != self._complaint:
            self._complaint = why
            post(ReadingFailed(printable(why), file))
