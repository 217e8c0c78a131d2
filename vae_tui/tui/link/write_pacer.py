"""Paces writes to a terminal that never reports its cursor position.

A pseudo-terminal holds some 15 KB, which take 0.75 s on a link of 20 KB/s; with writes of a fixed
size a key waits for all of them. Between two moments in which the buffer is full, bytes written
equal bytes drained, which gives the throughput; from then on the buffer is kept nearly empty.
"""

import math
from collections.abc import Callable

BLOCK_BYTES = 16_384
"""Bytes in one write while nothing is known."""
BUFFER_BYTES = 15_000
"""What a pseudo-terminal holds on Linux."""
PROBE_BYTES, LEAST_MEASURED_BYTES = 1024, 8192
"""Bytes allowed at once while measuring, and at least between the two full buffers."""
PAUSE_SECONDS = 1.0
"""After a pause in writing this long, the buffer may have run empty: the measurement is void."""
LEAST_SPEED = 500.0
CAUTION = 0.85
"""Share of the measured speed that is used: any excess would let the queue grow."""
FREE_AFTER_SECONDS, MOST_FREE_AFTER_SECONDS = 10.0, 300.0
"""How long a measured speed is kept; longer each time a new measurement finds the same."""
FASTER = 1.5
KEY_SECONDS = 3.0
"""No new measurement so soon after a key: it fills the buffer, and the next key would wait."""


class WritePacer:
    """Says how much may be written now."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._speed: float | None = None  # bytes per second
        self._known_speed = math.inf
        self._measured_at, self._keep_seconds = 0.0, FREE_AFTER_SECONDS
        self._full_at: float | None = None
        self._bytes_since_full = 0
        self._written_at = self._key_at = -math.inf
        self._backlog, self._backlog_at = 0.0, 0.0

    def key_pressed(self) -> None:
        """Note that a user waits for an effect."""
        self._key_at = self._clock()

    def sent(self, count: int) -> None:
        """Note that ``count`` bytes are about to be written."""
        now = self._clock()
        if now - self._written_at > PAUSE_SECONDS:
            self._full_at = None
        self._backlog, self._backlog_at = self._queued(now) + count, now

    def written(self, count: int) -> None:
        """Note that the buffer took ``count`` bytes."""
        self._written_at = self._clock()
        self._bytes_since_full += count

    def full(self) -> None:
        """Note that the buffer has no room."""
        now = self._clock()
        if self._full_at is None:
            self._full_at, self._bytes_since_full = now, 0
        elif self._bytes_since_full >= LEAST_MEASURED_BYTES:
            seconds = max(now - self._full_at, 1e-4)
            speed = max(CAUTION * self._bytes_since_full / seconds, LEAST_SPEED)
            is_faster = speed > FASTER * self._known_speed
            longer = min(2 * self._keep_seconds, MOST_FREE_AFTER_SECONDS)
            self._keep_seconds = FREE_AFTER_SECONDS if is_faster else longer
            self._speed = self._known_speed = speed
            self._measured_at, self._full_at = now, None
            self._backlog, self._backlog_at = float(BUFFER_BYTES), now

    def allowance(self, queue_seconds: float) -> int:
        """Return how many bytes may be written that drain within ``queue_seconds``."""
        now = self._clock()
        if self._full_at is not None and now - self._written_at <= PAUSE_SECONDS:
            return PROBE_BYTES
        is_old = now - self._measured_at > self._keep_seconds
        if is_old and now - self._key_at > KEY_SECONDS:
            self._speed = None
        if self._speed is None:
            return BLOCK_BYTES
        return max(int(self._speed * queue_seconds - self._queued(now)), 0)

    def _queued(self, now: float) -> float:
        """Return the bytes that are thought to be waiting in the buffer."""
        if self._speed is None:
            return 0.0
        return max(self._backlog - self._speed * (now - self._backlog_at), 0.0)
