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
from vae_tui.model.probe import coming_probe, load_probe
from vae_tui.run.events import EpochEnded, LossesMeasured, MachineMeasured, WeightsSaved
from vae_tui.run.files import LineTail, is_read_only
from vae_tui.run.folder import Run
from vae_tui.run.lock.holder import Holder
from vae_tui.text import printable
from vae_tui.tui.feed.absence_tracker import AbsenceTracker
from vae_tui.tui.feed.command_tail import CommandTail
from vae_tui.tui.feed.fast_events import EventBlock, decode_block
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
    NetworkLoaded,
    Post,
    ProbeLoaded,
    ReadingFailed,
    RunAdvanced,
)
from vae_tui.tui.state.losses import LossRows
from vae_tui.tui.state.run_view import RunView, advance

LIVENESS_SECONDS = 0.5
PROGRESS_SECONDS = 0.2
"""Interval of messages on how far a long log has been read."""
FAST_SECONDS, FAST_POLL_SECONDS = 1.0, 0.05
"""How long after a command its effect is polled for, and how often."""
BLOCK_BYTES = 1 << 18
"""Read from the log at once: decoding it holds the interpreter for a millisecond."""
_ROUTINE = (LossesMeasured, LossRows, EpochEnded, WeightsSaved, MachineMeasured)
"""Frequent events: posted when charts are due; all others at once."""


class RunReader:
    """Reads one run's folder in the caller's thread."""

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
        self._commands = CommandTail(run.commands)
        self._first = replace(view, unread=0.0)
        self._view = self._first
        self._posted: RunView | None = None
        self._files_at = -math.inf
        self._progress_at = math.inf
        self._restarts = 0
        self._live_at = 0.0
        self._caught_up = False
        self._probe_posted = False
        self._data_set_tried = False
        self._weights_seen: tuple[int, int] | None = None
        self._lines = self._wrong_lines = 0
        self._next_report = 1
        """Number of wrong lines at which one is reported; then at ten times as many."""
        self._reported = ""
        self._requested_step: int | None = None
        self._fast_until = -math.inf
        self._wake = threading.Event()

    def follow(self, post: Post, stop: threading.Event) -> None:
        """Post what changes until ``stop`` is set."""
        self._progress_at = time.monotonic()
        while not stop.is_set():
            more = self._read_events(post)
            if not more or time.monotonic() - self._files_at > PROGRESS_SECONDS:
                self._read_files(post)
                self._files_at = time.monotonic()
            if not more:
                if self._absence:
                    self._absence.update(self._view, self._tail.offset, post)
                is_fast = time.monotonic() < self._fast_until
                most = FAST_POLL_SECONDS if is_fast else math.inf
                self._wake.wait(min(self._limiter.poll_seconds, most))
                self._wake.clear()
            step, self._requested_step = self._requested_step, None
            if step is not None:
                try:
                    path = self._run.kept_weights(step)
                    post(KeptNetworkLoaded(load_network(path, self._view.config)))
                except VaeTuiError as error:  # deleted by thinning, or damaged
                    post(KeptNetworkMissing(step, printable(str(error))))

    def poll_faster(self) -> None:
        """Poll more often for a while: a command was sent, and its user waits for the effect."""
        self._fast_until = time.monotonic() + FAST_SECONDS
        self._wake.set()

    def request_step(self, step: int) -> None:
        """Request the weights kept at ``step``; a newer request replaces it."""
        self._requested_step = step
        self._wake.set()

    def _read_events(self, post: Post) -> bool:
        """Read one block of events; return whether there are more in the log."""
        now = time.monotonic()
        if now - self._live_at > LIVENESS_SECONDS:
            self._view, self._live_at = self._with_liveness(self._view), now
        before = self._tail.offset
        block = self._take_block(post)
        view = advance(self._view, block.happened) if block.happened else self._view
        if block.happened and self._caught_up:
            view = replace(view, heard_at=time.time())
        self._view = view
        if before != self._tail.offset < self._tail.size:
            if now - self._progress_at >= PROGRESS_SECONDS:
                self._posted, self._progress_at = None, now
                unread = 1 - self._tail.offset / self._tail.size
                post(RunAdvanced(replace(self._first, live=view.live, unread=unread)))
            return True
        self._progress_at = now
        urgent = any(not isinstance(event, _ROUTINE) for event in block.happened)
        if view is not self._posted and (urgent or self._limiter.charts_due()):
            self._posted = view
            post(RunAdvanced(view))
        self._caught_up = True
        return False

    def _with_liveness(self, view: RunView) -> RunView:
        """Return the view with what the folder says about the trainer and the kept weights."""
        holder = self._run.holder()
        # Of a lock that may not be read, the log says whether the trainer has ended.
        live = holder is not None and (holder.is_certain or view.ended is None)
        seen: dict[str, Any] = {
            "live": live,
            "stop_offset": self._commands.stop_offset(),
            "gone": not live and not self._run.path.is_dir(),
            "read_only": live and is_read_only(self._run.path),
            "live_since": holder.started if holder else view.live_since,
            "live_pid": holder.pid if holder else None,
            "live_host": holder.host if holder and not holder.is_here else "",
            "is_here": holder is not None and self._is_here(holder),
            "kept": tuple(self._run.kept_steps()),
        }
        if view.heard_at > (now := time.time()):
            seen["heard_at"] = now  # the clock was set back: silence counts from now on
        if all(getattr(view, name) == value for name, value in seen.items()):
            return view
        return replace(view, **seen)

    def _is_here(self, holder: Holder) -> bool:
        pid = holder.pid
        return holder.is_here and pid is not None and self._run.trains_here(pid)

    def _take_block(self, post: Post) -> EventBlock:
        try:
            block = decode_block(self._tail.read_block(BLOCK_BYTES))
        except OSError as error:
            self._report(post, f"{self._run.events} cannot be read: {error.strerror}")
            return EventBlock()
        if self._tail.restarts != self._restarts:
            self._restarts, self._view, self._lines = self._tail.restarts, self._first, 0
        self._wrong_lines += len(block.wrong)
        if block.wrong and self._wrong_lines >= self._next_report:
            self._next_report = 10 * self._wrong_lines
            first = block.wrong[0]
            what = (
                f"{self._run.events} line {self._lines + first.line} is not an event ({first.why})"
            )
            more = f", and {self._wrong_lines - 1:,} more are not" if self._wrong_lines > 1 else ""
            self._report(post, f"{what}{more}; the rest is shown")
        self._lines += block.lines
        return block

    def _read_files(self, post: Post) -> None:
        probe, config = self._run.probe, self._view.config
        with contextlib.suppress(OSError):  # not there yet; reading finds any other fault
            if not self._probe_posted and probe.stat().st_size:
                self._probe_posted = True
                self._try(post, probe, lambda: ProbeLoaded(load_probe(probe, config)))
        if not self._probe_posted and self._view.live and not self._data_set_tried:
            # Importing torch takes the trainer seconds: the digits need not wait for that.
            self._data_set_tried = True
            with contextlib.suppress(VaeTuiError):  # not on this machine: the file is read later
                post(ProbeLoaded(coming_probe(config)))
                self._probe_posted = True
        with contextlib.suppress(OSError):
            weights = self._run.weights
            status = weights.stat()
            # The file is replaced, so its inode changes.
            seen = (status.st_ino, status.st_mtime_ns)
            if seen != self._weights_seen and self._limiter.pictures_due():
                self._weights_seen = seen
                self._try(post, weights, lambda: NetworkLoaded(load_network(weights, config)))

    def _try(self, post: Post, path: Path, load: Callable[[], Message]) -> None:
        try:
            post(load())
        except VaeTuiError as error:
            self._report(post, str(error), path.name)

    def _report(self, post: Post, why: str, file: str = "") -> None:
        if why != self._reported:
            self._reported = why
            post(ReadingFailed(printable(why), file))
