"""How many bytes may be sent now, so that a key on a slow link does not wait behind pictures.

A program only sees that the kernel took its bytes. Buffers on the way, above all those of SSH, hold
seconds of a slow link. So the cursor position is queried behind what was sent: the report says that
everything before it was displayed. The bytes in flight are kept to what the link carries in the
shortest round-trip time and `TARGET_QUEUE_SECONDS`.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

TARGET_QUEUE_SECONDS = 0.12
"""Target queueing delay on top of the round-trip time: what a key waits for at most."""
BLOCK_BYTES = 16_384
"""Bytes in one write where nothing limits them."""
FIRST_WINDOW, LEAST_WINDOW = 32_000, 1024
"""Bytes in flight until the first report, and at least."""
LONGER_ROUTE_REPORTS = 10
"""After this many reports in a row with the least window, the route is taken to be longer: its
round-trip time is the shortest of theirs."""
QUERY_EVERY_BYTES = 256
"""A query costs five bytes and its report six, so smaller updates are not followed by one."""
FIRST_TIMEOUT_SECONDS, TIMEOUT_SECONDS = 1.0, 3.0
"""How long reports are awaited before the terminal counts as silent: the first, and later ones."""
RETRY_SECONDS = 10.0
"""How often a silent terminal is queried."""

SILENT_BUFFER_BYTES = 15_000
"""What a pseudo-terminal holds on Linux: 0.75 s on a link of 20 KB/s, for which a key would wait.
Between two moments in which the buffer is full, bytes written equal bytes drained. That gives a
silent terminal's throughput, which is not exceeded from then on.
"""
PROBE_BYTES, LEAST_MEASURED_BYTES = 1024, 8192
"""Bytes in one write while measuring, and at least between those moments: buffers are emptied in
pieces of 4 KB."""
PAUSE_SECONDS, STOP_SECONDS = 0.5, 5.0
"""After a pause in writing the buffer may have run empty; in the longer time between two of those
moments the terminal had stopped. Neither is a measurement."""
CAUTION = 0.85
"""Share of the measured throughput that is used: any excess would let the queue grow."""
KEEP_SECONDS = 60.0
"""How long the measured throughput counts."""


class _Query(NamedTuple):
    sent: int  # total bytes before it
    in_flight: int
    at: float


class FlowControl:
    """Counts sent and displayed bytes for a `TerminalWriter`, which holds its lock.

    Not for `written` and `full`: only the writer's thread uses what they note.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, is_multiplexed: bool = False
    ) -> None:
        self._clock = clock
        self.bytes_sent = self._displayed = 0
        self._queries: deque[_Query] = deque()
        self._reported_at = self._retry_at = -math.inf
        self._window = float(LEAST_WINDOW)
        self._shortest = math.inf
        self._round_trips: list[float] = []
        """Those since the window has been the least."""
        self._speed, self._measured_at = math.inf, -math.inf
        self._backlog, self._backlog_at = 0.0, 0.0
        self._full_at = self._written_at = -math.inf
        self._written = self._written_when_full = 0
        self.is_multiplexed = is_multiplexed
        """tmux or screen reads what is written, and would answer queries itself: nothing is
        measured, and what does not fit the link is dropped there."""
        self.reports = False
        """The terminal reports its cursor position."""

    def sent(self, count: int) -> None:
        """Note that ``count`` bytes are about to be written."""
        now = self._clock()
        if now - self._written_at > PAUSE_SECONDS:
            self._full_at = -math.inf
        self._backlog, self._backlog_at = self._queued(now) + count, now
        self.bytes_sent += count

    def queried(self) -> None:
        """Note that a query was sent behind everything else."""
        now = self._clock()
        self._retry_at = now + RETRY_SECONDS
        self._queries.append(_Query(self.bytes_sent, self.bytes_sent - self._displayed, now))

    def reported(self) -> None:
        """Note a report: what was sent before its query has been displayed."""
        if not self._queries:
            return
        query, self._reported_at, self.reports = self._queries.popleft(), self._clock(), True
        round_trip = self._reported_at - query.at
        self._shortest = min(self._shortest, round_trip)
        # By Little's law the throughput is what was in flight by the round-trip time.
        target = self._shortest + TARGET_QUEUE_SECONDS
        window = query.in_flight * target / max(round_trip, 1e-4)
        if round_trip < target - TARGET_QUEUE_SECONDS / 2:
            window = max(2 * query.in_flight, self._window)
        if window > self._window or round_trip > target:  # else the link was not filled
            self._window = max(window, LEAST_WINDOW)
        if self._window > LEAST_WINDOW:
            self._round_trips.clear()
        else:
            self._round_trips.append(round_trip)
        if len(self._round_trips) == LONGER_ROUTE_REPORTS:
            self._shortest = min(self._round_trips)
            self._round_trips.clear()
        self._displayed = query.sent

    def written(self, count: int) -> None:
        """Note that the kernel took ``count`` bytes."""
        self._written += count
        self._written_at = self._clock()

    def full(self) -> None:
        """Note that the kernel takes nothing now: a terminal's buffer is full."""
        now = self._clock()
        seconds, count = now - self._full_at, self._written - self._written_when_full
        self._backlog, self._backlog_at = float(SILENT_BUFFER_BYTES), now
        if seconds < STOP_SECONDS:
            if count < LEAST_MEASURED_BYTES:
                return
            self._speed = CAUTION * count / max(seconds, 1e-4)
            self._measured_at = now
        self._full_at, self._written_when_full = now, self._written

    def should_query(self, coming: int) -> bool:
        """Return whether a query should follow the next ``coming`` bytes."""
        if self.is_multiplexed:
            return False
        if not self.reports:
            return not self._queries and self._clock() >= self._retry_at
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
        timeout = TIMEOUT_SECONDS if self.reports else FIRST_TIMEOUT_SECONDS
        if self._queries and now - max(self._queries[0].at, self._reported_at) > timeout:
            self._queries.clear()
            self.reports, self._window = False, float(LEAST_WINDOW)
        if not (self.reports or self._queries):
            self._displayed = self.bytes_sent
        in_flight = self.bytes_sent - self._displayed
        if self.reports:
            return max(int(self._window) - in_flight, 0)
        return max(min(FIRST_WINDOW - in_flight, self._silent_allowance(now)), 0)

    def _silent_allowance(self, now: float) -> int:
        if now - self._measured_at > KEEP_SECONDS:
            self._speed = math.inf
        if math.isinf(self._speed):
            return PROBE_BYTES if now - self._full_at < STOP_SECONDS else BLOCK_BYTES
        return int(self._speed * TARGET_QUEUE_SECONDS - self._queued(now))

    def _queued(self, now: float) -> float:
        """Return the bytes that are thought to be waiting in the buffer."""
        if math.isinf(self._speed):
            return 0.0
        return max(self._backlog - self._speed * (now - self._backlog_at), 0.0)
