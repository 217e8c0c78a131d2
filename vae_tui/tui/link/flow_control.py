"""How many bytes may be sent now, so that a key on a slow link does not wait behind pictures.

A program only sees that the kernel took its bytes. Buffers on the way, above all those of SSH,
hold seconds of a slow link. So the cursor position is queried behind what was sent: the report
says that everything before it was displayed. `WritePacer` does it for terminals that never report,
from the moments in which the kernel takes no more.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from vae_tui.tui.link.write_pacer import BLOCK_BYTES, WritePacer

TARGET_QUEUE_SECONDS = 0.12
"""Target queueing delay on top of the round-trip time: what a key waits for at most."""
FIRST_BYTES, FIRST_SECONDS = 32_000, 1.0
"""Sent at most before the first report; after this time the terminal counts as silent."""
LEAST_WINDOW = 1024
QUERY_TRIES, RETRY_SECONDS = 3, 10.0
"""How often and how far apart a terminal that has not reported yet is queried."""
REPORT_TIMEOUT_SECONDS = 3.0
MOST_LOST = 2
"""After this many lost reports in a row the terminal counts as silent again."""
QUERY_EVERY_BYTES = 256
"""A query costs five bytes and its report six, so smaller updates are not followed by one."""


class _Query(NamedTuple):
    sent: int  # total bytes before it
    sent_at: float
    displayed: int  # total bytes known to be displayed then
    busy_since: float  # since when the link had been carrying those between
    is_saturated: bool  # more was waiting: the report measures the link, not the program


class FlowControl:
    """Counts sent and displayed bytes; its only caller `TerminalWriter` holds the lock."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, is_multiplexed: bool = False
    ) -> None:
        self._clock = clock
        self.pacer = WritePacer(clock)
        self.bytes_sent = self._displayed = 0
        self._displayed_at = self._busy_since = clock()
        self._queries: deque[_Query] = deque()
        self._round_trip = REPORT_TIMEOUT_SECONDS
        self._round_trips: deque[float] = deque(maxlen=10)
        self._lost = self._tries = 0
        self._next_try_at = 0.0
        self._speed = 0.0
        self.is_multiplexed = is_multiplexed
        """tmux or screen reads what is written, and would answer queries itself: nothing is
        measured, and what does not fit the link is dropped there."""
        self.reports = False
        """The terminal reports its cursor position."""

    def sent(self, count: int) -> None:
        """Note that ``count`` bytes are about to be written."""
        now = self._clock()
        self.pacer.sent(count)
        if self.bytes_sent == self._displayed:
            self._busy_since = now
        self.bytes_sent += count

    def queried(self, *, is_saturated: bool = False) -> None:
        """Note that a query was sent behind everything else."""
        now = self._clock()
        if not self.reports:
            self._tries += 1
            self._next_try_at = now + RETRY_SECONDS
        since = max(self._displayed_at, self._busy_since)
        self._queries.append(_Query(self.bytes_sent, now, self._displayed, since, is_saturated))

    def reported(self) -> None:
        """Note a report: what was sent before its query has been displayed."""
        if not self._queries:
            return
        now, query = self._clock(), self._queries.popleft()
        self._lost, self.reports = 0, True
        round_trip = max(now - query.sent_at, 1e-4)
        speed = (query.sent - query.displayed) / max(now - query.busy_since, 1e-4)
        self._displayed, self._displayed_at = query.sent, now
        if speed > self._speed:
            self._speed = speed
        elif query.is_saturated:  # by half at most: a single late report may be an outlier
            self._speed = max(speed, self._speed / 2)
        self._round_trip = min(self._round_trip, round_trip)
        self._round_trips.append(round_trip)
        if self._window() < LEAST_WINDOW:
            # The route may have become longer. The shortest of ten, because a queue that was once
            # mistaken for a longer route would be allowed forever.
            self._round_trip = min(self._round_trips)

    def should_query(self, coming: int) -> bool:
        """Return whether a query should follow the next ``coming`` bytes."""
        if self.is_multiplexed:
            return False
        if not self.reports:
            return self._tries < QUERY_TRIES and self._clock() >= self._next_try_at
        queried = self._queries[-1].sent if self._queries else self._displayed
        return self.bytes_sent + coming - queried >= QUERY_EVERY_BYTES

    @property
    def needs_query(self) -> bool:
        """Nothing may be sent, and no report will come unless one is queried."""
        return self.reports and not self._queries and self.allowance() == 0

    @property
    def awaits_report(self) -> bool:
        """A report is on its way, or lost."""
        return self.reports and bool(self._queries)

    def allowance(self) -> int:
        """Return how many bytes may be sent now."""
        if self.is_multiplexed:
            return BLOCK_BYTES
        now = self._clock()
        if self.awaits_report and now - self._queries[0].sent_at > REPORT_TIMEOUT_SECONDS:
            self._queries.clear()
            self._displayed, self._displayed_at = self.bytes_sent, now
            self._lost += 1
            if self._lost >= MOST_LOST:  # something else had answered for the terminal
                self.reports, self._lost, self._speed = False, 0, 0.0
                self._tries, self._next_try_at = 0, now + RETRY_SECONDS
        in_flight = self.bytes_sent - self._displayed
        if self.reports:
            return max(max(self._window(), LEAST_WINDOW) - in_flight, 0)
        allowance = self.pacer.allowance(TARGET_QUEUE_SECONDS)
        if self._queries and now - self._queries[-1].sent_at < FIRST_SECONDS:
            return max(min(FIRST_BYTES - in_flight, allowance), 0)
        self._displayed = self.bytes_sent
        return allowance

    def _window(self) -> int:
        return int(self._speed * (self._round_trip + TARGET_QUEUE_SECONDS))
