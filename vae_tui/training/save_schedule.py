"""How often a repeated piece of work is worth its time."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator


class Pace:
    """Lets work be done at intervals, and for no more than its share of the time.

    Args:
        share: Of the time since the start, how much the work may take.
        credit: Seconds of work that may be done before they are earned.
        interval: Seconds from one time to the next, given the seconds since the start.
        clock: Seconds that only grow.
        longest: Seconds after which the work is due whatever its share.
    """

    def __init__(
        self,
        share: float,
        credit: float,
        interval: Callable[[float], float],
        clock: Callable[[], float] = time.monotonic,
        longest: float = math.inf,
    ) -> None:
        self.spent = 0.0
        """Seconds the work has taken in all."""
        self._share = share
        self._credit = credit
        self._interval = interval
        self._clock = clock
        self._longest = longest
        self._began = self._last = clock()
        self._cost = 0.0

    def is_due(self) -> bool:
        """Tell whether the work should be done now."""
        now = self._clock()
        elapsed = now - self._began
        earned = self._credit + self._share * elapsed
        affordable = self.spent + self._cost <= earned  # it will cost what it cost last time
        since = now - self._last
        return (since >= self._interval(elapsed) and affordable) or since >= self._longest

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Count the time of a with block as work done."""
        began = self._clock()
        yield
        self._last = self._clock()
        self._cost = self._last - began
        self.spent += self._cost
