"""The label of the link in the top line: bytes per second, and whether the link is the limit."""

import time
from collections import deque
from collections.abc import Callable

from vae_tui.tui.link.terminal_writer import TerminalWriter

WINDOW_SECONDS = 10.0
BEHIND_SECONDS = 0.1
SLOW_SHARE, FINE_SHARE = 0.3, 0.1
"""Share of the samples in which the link had been full for longer than that: slow above the one,
fine below the other."""
LEAST_SHOWN = 500
"""Bytes per second; the clock in the top line alone takes less."""


class LinkLabel:
    """Watches a writer; `text` is to be called at least once a second."""

    def __init__(self, writer: TerminalWriter, clock: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._clock = clock
        self._samples = deque([(clock(), writer.flow.bytes_sent, False)])
        self._shown = 0.0
        self.is_slow = False
        """The link is what the screen waits for."""

    def text(self) -> str:
        """Return the rate of what is sent, as "12 KB/s"; empty while little is sent.

        Also empty in tmux and screen: what is written there says nothing about the link.
        """
        now, sent = self._clock(), self._writer.flow.bytes_sent
        self._samples.append((now, sent, self._writer.seconds_behind > BEHIND_SECONDS))
        while now - self._samples[0][0] > WINDOW_SECONDS and len(self._samples) > 2:
            self._samples.popleft()
        since, sent_then, _ = self._samples[0]
        share = sum(behind for *_, behind in self._samples) / max(len(self._samples), 5)
        self.is_slow = share > (FINE_SHARE if self.is_slow else SLOW_SHARE)
        rate = (sent - sent_then) / max(now - since, 1.0)
        # A number that is about right stays: each change of it is sent, too.
        if not 0.75 * self._shown < rate < 1.33 * self._shown:
            self._shown = rate
        if self._shown < LEAST_SHOWN or self._writer.flow.is_multiplexed:
            return ""
        return f"{'slow link, ' if self.is_slow else ''}{self._shown / 1000:.0f} KB/s"
