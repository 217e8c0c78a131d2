"""What the screen says of its link: how much is sent, and when that is all that gets through."""

import time
from collections import deque
from collections.abc import Callable

from vae_tui.tui.link.terminal_writer import TerminalWriter

WATCHED_SECONDS = 10.0
SLOW_SHARE, FINE_SHARE = 0.3, 0.1
"""Of the time in which more was to be sent than got through: slow from the one, until the other."""
LEAST_TOLD = 500
"""Bytes a second; the clock in the top line alone takes less."""


class LinkLabel:
    """Watches a writer; to be asked about once a second."""

    def __init__(self, writer: TerminalWriter, clock: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._clock = clock
        self._seen = deque([(clock(), writer.busy_seconds)])
        self._told = 0.0
        self.is_slow = False
        """The link is what the screen waits for."""

    def words(self) -> str:
        """Return what is sent a second, or what gets through a slow link; nothing when idle."""
        now, busy = self._clock(), self._writer.busy_seconds
        self._seen.append((now, busy))
        while now - self._seen[0][0] > WATCHED_SECONDS and len(self._seen) > 2:
            self._seen.popleft()
        since, busy_then = self._seen[0]
        share = (busy - busy_then) / max(now - since, WATCHED_SECONDS / 2)
        self.is_slow = share > (FINE_SHARE if self.is_slow else SLOW_SHARE)
        sent = self._writer.link.bytes_per_second
        # What was told stays while it is about right: telling it anew is traffic too.
        if not 0.75 * self._told < sent < 1.33 * self._told:
            self._told = sent
        if self._told < LEAST_TOLD:
            return ""
        return f"{'slow link, ' if self.is_slow else ''}{self._told / 1000:.0f} KB/s"
