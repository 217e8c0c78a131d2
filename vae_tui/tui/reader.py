"""Follows a run folder in a thread: reads, computes and posts; touches no widget."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from textual.message import Message

from vae_tui import events
from vae_tui.errors import VaeTuiError
from vae_tui.events import Event, LossesMeasured
from vae_tui.files import LineTail
from vae_tui.network import load_network, load_probe
from vae_tui.run import Run
from vae_tui.tui.history import RunView, advance
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
    NetworkLoaded,
    ProbeLoaded,
    ReadingFailed,
    RunAdvanced,
)
from vae_tui.words import printable

Tell = Callable[[Message], object]

POLL_SECONDS = 0.1
LOSSES_SECONDS = 0.4
"""New losses alone are told no more often: each telling is a chart over the link."""
LIVENESS_SECONDS = 0.5
BLOCK_BYTES = 1 << 20


class RunReader:
    """Reads one run's folder."""

    def __init__(self, run: Run, view: RunView) -> None:
        self._run = run
        self._tail = LineTail(run.events)
        self._view = view
        self._told: RunView | None = None
        self._told_at = 0.0
        self._live_at = 0.0
        self._probe_told = False
        self._weights_seen: tuple[int, int] | None = None
        self._lines = self._odd_lines = 0
        self._odd_told = 1
        """So many lines that are no events are worth a word: 1, then ten times as many."""
        self._complaint = ""
        self._wanted_step: int | None = None
        self._wake = threading.Event()

    def follow(self, tell: Tell, leave: threading.Event) -> None:
        """Tell what changes until ``leave`` is set."""
        while not leave.is_set():
            more = self._read_events(tell)
            if not more:
                self._read_files(tell)
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
            self._go_back(tell)

    def travel(self, step: int) -> None:
        """Ask for the weights kept at ``step``; only the newest wish counts."""
        self._wanted_step = step
        self._wake.set()

    def _go_back(self, tell: Tell) -> None:
        step, self._wanted_step = self._wanted_step, None
        if step is not None:
            path = self._run.kept_weights(step)
            try:
                tell(KeptNetworkLoaded(load_network(path, self._view.config)))
            except VaeTuiError as error:  # thinned away in between, or damaged
                tell(KeptNetworkMissing(step, printable(str(error))))

    def _read_events(self, tell: Tell) -> bool:
        """Take in one block of events; return whether there may be more at once."""
        now = time.monotonic()
        live, since, kept = self._view.live, self._view.live_since, self._view.kept
        if now - self._live_at > LIVENESS_SECONDS:
            live, kept, self._live_at = self._run.is_live(), tuple(self._run.kept_steps()), now
            with contextlib.suppress(OSError):
                since = self._run.lock.stat().st_mtime
        before = self._tail.offset
        happened = self._take_block(tell)
        view = advance(self._view, happened) if happened else self._view
        if (live, since, kept) != (view.live, view.live_since, view.kept):
            view = replace(view, live=live, live_since=since, kept=kept)
        self._view = view
        urgent = any(not isinstance(event, LossesMeasured) for event in happened)
        if view is not self._told and (urgent or now - self._told_at >= LOSSES_SECONDS):
            self._told, self._told_at = view, now
            tell(RunAdvanced(view))
        return self._tail.offset - before > BLOCK_BYTES // 2

    def _take_block(self, tell: Tell) -> list[Event]:
        happened: list[Event] = []
        odd = ""
        try:
            lines = self._tail.read(BLOCK_BYTES)
        except OSError as error:
            self._complain(tell, f"{self._run.events} cannot be read: {error.strerror}")
            return []
        for line in lines:
            self._lines += 1
            try:
                event = events.decode(line)
            except ValueError as error:
                if line.strip():
                    self._odd_lines += 1
                    odd = odd or f"line {self._lines} is no event ({error})"
                continue
            if event is not None:
                happened.append(event)
        if odd and self._odd_lines >= self._odd_told:
            self._odd_told = 10 * self._odd_lines
            more = f", nor are {self._odd_lines - 1:,} others" if self._odd_lines > 1 else ""
            self._complain(tell, f"{self._run.events} {odd}{more}; what is one is shown")
        return happened

    def _read_files(self, tell: Tell) -> None:
        with contextlib.suppress(OSError):  # not there yet; what else is wrong, reading tells
            if not self._probe_told and self._run.probe.stat().st_size:
                self._probe_told = True
                self._try(tell, lambda: ProbeLoaded(load_probe(self._run.probe)))
            status = self._run.weights.stat()
            # The name stays, the file is another one each time.
            if (seen := (status.st_ino, status.st_mtime_ns)) != self._weights_seen:
                self._weights_seen = seen
                self._try(
                    tell, lambda: NetworkLoaded(load_network(self._run.weights, self._view.config))
                )

    def _try(self, tell: Tell, load: Callable[[], Message]) -> None:
        try:
            tell(load())
        except VaeTuiError as error:
            self._complain(tell, str(error))

    def _complain(self, tell: Tell, why: str) -> None:
        if why != self._complaint:
            self._complaint = why
            tell(ReadingFailed(printable(why)))
