"""How fast a link is whose terminal never answers, as writes tell that had to wait.

A pseudo-terminal holds some bytes; a write waits when it is full. Right behind such a wait it is
full still, and the next writes last as long as the link takes for them: these tell its speed.
Where they go through at once, the terminal had only stopped for a moment.
"""

import time
from collections import deque
from collections.abc import Callable

BUFFER_BYTES = 15_000
"""What a pseudo-terminal holds on Linux."""
WAITED_SECONDS = 0.05
"""A write that took so long had to wait, if there can have been too much for the buffer."""
UNKNOWN_SECONDS = 2.0
"""Before the speed is known, what was sent in so long is thought to be in the buffer still."""
MANY_WAITS = 2
PROBES, PROBE_BYTES = 2, 4096
"""Writes that tell the speed; of several, for a busy machine lets some take longer."""
PROBING_SECONDS = 0.2
"""So long after a wait the buffer is thought to be full still."""
LEAST_SPEED = 500.0
"""Bytes a second: no link is slower."""
FASTER_SECONDS, MOST_FASTER_SECONDS, FASTER = 10.0, 300.0, 1.5
"""How soon a link that did not let us wait is taken for so much faster; later after each time
that this was wrong, for it fills the buffer."""
CAUTION = 0.95
"""Of the speed that probes tell, what is used: the queue grows by any excess."""


class WriteSpeed:
    """Counts what is written and how long it took."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: deque[tuple[float, int]] = deque()
        self._backlog, self._backlog_at = 0.0, 0.0
        self._probes: list[float] = []
        self._full_at: float | None = None
        self._waits = 0
        self._speed_at, self._patience = 0.0, FASTER_SECONDS
        self.speed: float | None = None
        """Bytes a second that get through; None while no write has had to wait."""

    def sent(self, count: int) -> None:
        """Take in that ``count`` bytes are about to be written."""
        now = self._clock()
        self._backlog, self._backlog_at = self._pending(now) + count, now
        self._recent.append((now, count))
        while self._recent[0][0] < now - UNKNOWN_SECONDS:
            self._recent.popleft()

    def waited(self, count: int, seconds: float, *, is_pressed: bool) -> None:
        """Take in how long the writing of ``count`` bytes took, and whether more is to be sent."""
        now = self._clock()
        self._waits = self._waits + 1 if seconds > WAITED_SECONDS else 0
        if self._is_probing(now - seconds):
            self._take_probe(count, seconds, now)
        elif self._waits and self._was_full():
            self._full_at, self._probes = now, []
        elif self.speed is not None and is_pressed and now - self._speed_at > self._patience:
            self.speed, self._speed_at = self.speed * FASTER, now

    def allowance(self, queue_seconds: float) -> int | None:
        """Return what may be written so that it is through in so long; None for anything."""
        now = self._clock()
        if self._is_probing(now):
            return PROBE_BYTES
        if self.speed is None:
            return None
        return max(int(self.speed * queue_seconds - self._pending(now)), 0)

    def _take_probe(self, count: int, seconds: float, now: float) -> None:
        self._full_at = now
        if seconds > WAITED_SECONDS:
            self._probes.append(count / seconds)
            if len(self._probes) == PROBES:
                self.speed, self._speed_at = max(CAUTION * max(self._probes), LEAST_SPEED), now
                self._patience = min(2 * self._patience, MOST_FASTER_SECONDS)
                self._backlog, self._backlog_at = float(BUFFER_BYTES), now
                self._full_at = None
        elif count >= PROBE_BYTES / 2:
            self.speed, self._full_at, self._patience = None, None, FASTER_SECONDS
            self._recent.clear()

    def _is_probing(self, now: float) -> bool:
        return self._full_at is not None and now - self._full_at < PROBING_SECONDS

    def _was_full(self) -> bool:
        """Tell whether it can have been the buffer that writes waited for."""
        if self.speed is None:
            return sum(count for _, count in self._recent) > BUFFER_BYTES
        return self._waits >= MANY_WAITS  # so many in a row: the speed was thought too high

    def _pending(self, now: float) -> float:
        """Return what is thought to be on the way."""
        if self.speed is None:
            return 0.0
        return max(self._backlog - self.speed * (now - self._backlog_at), 0.0)
