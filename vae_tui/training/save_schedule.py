"""When to save: a budget for the time it takes, and the steps that are kept for time travel."""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence

KEPT_STEPS = 64
"""Largest number of files in ``history``."""


class TimeBudget:
    """Limits repeated work to a share of the time.

    Args:
        share: Largest fraction of the time since the start that the work may take.
        credit: Seconds of work allowed in advance.
        interval: Shortest time between two runs of the work, given the seconds since the start.
        clock: Returns monotonic seconds.
        longest: Seconds after which the work is due whatever its share.
    """

    def __init__(
        self,
        share: float,
        credit: float,
        interval: Callable[[float], float],
        clock: Callable[[], float],
        longest: float = math.inf,
    ) -> None:
        self.spent = 0.0
        """Seconds of work so far."""
        self._share = share
        self._credit = credit
        self._interval = interval
        self._clock = clock
        self._longest = longest
        self._began = self._last = clock()
        self._cost = 0.0

    def is_due(self) -> bool:
        """Return whether to do the work now; it is expected to take as long as the last time."""
        now = self._clock()
        elapsed, since_last = now - self._began, now - self._last
        affordable = self.spent + self._cost <= self._credit + self._share * elapsed
        return (since_last >= self._interval(elapsed) and affordable) or since_last >= self._longest

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Count the duration of a ``with`` block as work."""
        began = self._clock()
        yield
        self._last = self._clock()
        self._cost = self._last - began
        self.spent += self._cost


def is_kept(step: int, steps_per_epoch: int) -> bool:
    """Return whether the weights of ``step`` are kept: 1, 2, 5, 10, 20 ... then every epoch."""
    early = step < steps_per_epoch and str(step).rstrip("0") in ("1", "2", "5")
    return early or step % steps_per_epoch == 0


def next_kept(step: int, steps_per_epoch: int) -> int:
    """Return the first step after ``step`` whose weights are kept."""
    epoch_end = (step // steps_per_epoch + 1) * steps_per_epoch
    if step >= steps_per_epoch:
        return epoch_end
    early = (digit * 10**power for power in range(len(str(step)) + 1) for digit in (1, 2, 5))
    return min((kept for kept in early if step < kept < epoch_end), default=epoch_end)


def steps_to_thin(steps: Sequence[int], limit: int = KEPT_STEPS) -> list[int]:
    """Return which of the kept steps to drop so that ``limit`` remain.

    The first and the newest stay. The step dropped is always the one whose neighbours have the
    smallest ratio, so early training, where pictures change most, stays dense.
    """
    left = sorted(steps)
    dropped = []
    while len(left) > limit:
        gaps = [(left[i + 1] - left[i - 1]) / (left[i] + 1) for i in range(1, len(left) - 1)]
        dropped.append(left.pop(1 + gaps.index(min(gaps))))
    return dropped
