"""How many of the CPU's threads compute a step: as many as are quickest beside whatever else runs.

Threads that wait for each other come to a crawl as soon as another process wants a core; one
alone never waits. What is computed does not depend on their number.
"""

import statistics
from collections import deque
from collections.abc import Callable

TRY_STEPS = 6
"""Steps with another number, few: it may be ten times slower."""
FIRST_TRY_SECONDS, LONGEST_SECONDS = 1.0, 30.0
"""Until the first try, and between two of them after many in vain."""
LATELY = 7
"""Chunks of steps whose median is what a step takes: one alone may have met a screen's drawing."""
MUCH_SLOWER = 1.5
"""Than the best with this number: something else has come, and it is worth trying at once."""
WORTH = 0.9
"""Of the time of a step, that another number must need at most."""


class Threads:
    """Tries other numbers now and then, and keeps the quickest.

    Args:
        most: Threads at the beginning, and at most.
        use: Called with the number of threads to compute with.
        clock: Seconds.
    """

    def __init__(self, most: int, use: Callable[[int], object], clock: Callable[[], float]) -> None:
        self._counts = [most]
        while self._counts[-1] > 1:
            self._counts.append(self._counts[-1] // 2)
        self._use = use
        self._clock = clock
        self._at = 0
        self._tried: int | None = None
        self._lately: deque[float] = deque(maxlen=LATELY)
        self._best = float("inf")
        self._pause = FIRST_TRY_SECONDS
        self._next_try = clock() + self._pause
        self._turn = 0

    @property
    def most_steps(self) -> int | None:
        """Steps to take before `took` is told, None for as many as there are."""
        return None if self._tried is None else TRY_STEPS

    def took(self, seconds: float) -> None:
        """Take in how long each of the last steps took; choose the number for the next."""
        if self._tried is None:
            self._lately.append(seconds)
            if len(self._lately) == LATELY:
                self._best = min(self._best, self._usual)
                if self._is_time():
                    self._try_another()
        else:
            self._judge(seconds)

    @property
    def _usual(self) -> float:
        return statistics.median(self._lately)

    def _is_time(self) -> bool:
        has_slowed = self._usual > MUCH_SLOWER * self._best
        if has_slowed:
            self._pause = min(self._pause, FIRST_TRY_SECONDS)
            self._next_try = min(self._next_try, self._clock() + self._pause)
        return len(self._counts) > 1 and self._clock() >= self._next_try

    def _try_another(self) -> None:
        # In turn, not only the next: with one alone nothing waits, with two fewer much still may.
        self._turn = (self._turn + 1) % len(self._counts)
        if self._turn == self._at:
            self._turn = (self._turn + 1) % len(self._counts)
        self._tried = self._turn
        self._use(self._counts[self._tried])

    def _judge(self, seconds: float) -> None:
        assert self._tried is not None
        if seconds < WORTH * self._usual:
            self._at, self._best = self._tried, seconds
            self._lately.clear()
            self._pause = FIRST_TRY_SECONDS
        else:
            self._use(self._counts[self._at])
            self._best = self._usual  # slower or not, it is what there is
            self._pause = min(2 * self._pause, LONGEST_SECONDS)
        self._tried = None
        self._next_try = self._clock() + self._pause
