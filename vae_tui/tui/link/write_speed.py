"""How fast a link is whose terminal never answers, as writes tell that had to wait.

A pseudo-terminal holds some bytes; a write waits when it is full, until the reader has made room,
mostly for all of them at once. From the end of one such wait to the end of another as many bytes
went in as came out: that tells the link's speed. Where no write waits again, the terminal had only
stopped for a moment.
"""

import time
from collections.abc import Callable

BUFFER_BYTES = 15_000
"""What a pseudo-terminal holds on Linux."""
BLOCK_BYTES = 16_384
"""So much at once, while nothing is known: on a slow link, what comes behind it waits for it."""
WAITED_SECONDS = 0.05
"""A write that took so long may have had to wait; a busy machine lets one take long as well."""
FEW_BYTES = 1500
"""An update of the charts has no more. More may have to wait although there was room before, and
is after."""
WAITS, WAITS_SECONDS = 2, 10.0
"""So many in so long, and the speed that is known is too high; unknown, it is guessed by them."""
ROOM_BYTES, MOST_ROOM_SECONDS = 8192, 2.0
"""What the reader takes at least until a write goes on; longer it takes only when it stops."""
PROBE_BYTES, PROBES_BYTES = 1024, 8192
"""What is written at once, and at least between two waits, to learn the speed."""
PROBE_WAITED_SECONDS = 0.005
PROBING_SECONDS = 0.2
"""So long after a wait the buffer is thought to be full still."""
LEAST_SPEED = 500.0
"""Bytes a second: no link is slower."""
FASTER_SECONDS, MOST_FASTER_SECONDS, FASTER = 10.0, 300.0, 1.5
"""How soon a link that did not let us wait is taken for so much faster; later after each time
that this was wrong, for it fills the buffer, sooner after each that it was not."""
CAUTION = 0.9
"""Of the speed that was learnt, what is used: the queue grows by any excess."""


class WriteSpeed:
    """Takes in what is written and how long it took; tells how much may be written now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._backlog, self._backlog_at = 0.0, 0.0
        self._waits: list[tuple[float, float]] = []
        """When one ended, and how long it was."""
        self._probed_bytes = 0
        self._probing_since: float | None = None
        self._full_at: float | None = None
        self._speed_at, self._patience = 0.0, FASTER_SECONDS
        self._is_rising = False
        self.speed: float | None = None
        """Bytes a second that get through; None while no write has had to wait."""

    def sent(self, count: int) -> None:
        """Take in that ``count`` bytes are about to be written."""
        now = self._clock()
        self._backlog, self._backlog_at = self._pending(now) + count, now

    def waited(self, count: int, seconds: float, *, was_full: bool, may_try: bool) -> None:
        """Take in how long the writing of ``count`` bytes took.

        Args:
            count: Bytes.
            seconds: How long.
            was_full: There was hardly any room when it began, or when it ended.
            may_try: More is to be sent, and it may be tried whether the link is faster.
        """
        now = self._clock()
        may_fill = count > BUFFER_BYTES / 4 if self.speed is None else was_full or count > FEW_BYTES
        if seconds > WAITED_SECONDS and may_fill:  # else it waited for one of the machine's cores
            recent = [wait for wait in self._waits if wait[0] > now - WAITS_SECONDS]
            self._waits = [*recent, (now, seconds)]
            self._take_wait(now)
        elif self._is_probing(now - seconds):
            self._take_probe(count, seconds, now)
        elif self.speed is not None and may_try and now - self._speed_at > self._patience:
            if self._is_rising:  # it was not wrong the last time
                self._patience = max(self._patience / 2, FASTER_SECONDS)
            self.speed, self._speed_at, self._is_rising = self.speed * FASTER, now, True

    def allowance(self, queue_seconds: float) -> int:
        """Return how many bytes may be written so that they are through in so long."""
        now = self._clock()
        if self._is_probing(now):
            return PROBE_BYTES
        if self.speed is None:
            return BLOCK_BYTES
        return max(int(self.speed * queue_seconds - self._pending(now)), 0)

    def _take_wait(self, now: float) -> None:
        if len(self._waits) < WAITS:
            if self.speed is None:
                self._probed_bytes, self._probing_since, self._full_at = 0, None, now
        elif self.speed is None:  # too little came behind the waits to measure
            shortest = min(seconds for _, seconds in self._waits)
            self._learn(ROOM_BYTES / min(shortest, MOST_ROOM_SECONDS), now)
        else:
            self._learn(self.speed / FASTER, now)

    def _take_probe(self, count: int, waited_seconds: float, now: float) -> None:
        self._full_at = now
        self._probed_bytes += count
        if waited_seconds > PROBE_WAITED_SECONDS:
            if self._probing_since is None:
                self._probing_since, self._probed_bytes = now, 0
            elif self._probed_bytes >= PROBES_BYTES:
                self._full_at = None
                self._take_measure(now - self._probing_since, now)
        elif self._probed_bytes >= 2 * PROBES_BYTES:
            self._full_at = None

    def _take_measure(self, seconds: float, now: float) -> None:
        if seconds > WAITED_SECONDS:
            self._learn(CAUTION * self._probed_bytes / seconds, now)

    def _learn(self, speed: float, now: float) -> None:
        """Take this for the speed, at a moment when the buffer is full."""
        self.speed, self._speed_at, self._waits = max(speed, LEAST_SPEED), now, []
        self._patience, self._is_rising = min(2 * self._patience, MOST_FASTER_SECONDS), False
        self._full_at = None
        self._backlog, self._backlog_at = float(BUFFER_BYTES), now

    def _is_probing(self, now: float) -> bool:
        return self._full_at is not None and now - self._full_at < PROBING_SECONDS

    def _pending(self, now: float) -> float:
        """Return what is thought to be on the way."""
        if self.speed is None:
            return 0.0
        return max(self._backlog - self.speed * (now - self._backlog_at), 0.0)
