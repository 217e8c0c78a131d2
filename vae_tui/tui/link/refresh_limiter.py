"""How often news of the run are told to the screen, so that keys find the link free.

Pictures give way first, then charts; what a key changes never waits for either. Knows the link
only by what is behind on it. Where there are few cores, each moment of drawing is one in which the
training does not go on: news come more seldom while the screen takes more than a small share.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vae_tui.errors import UsageError

LEAST_FPS, MOST_FPS = 1, 60
MOST_POLL_SECONDS = 0.1
PICTURES_SHARE, CHARTS_SHARE = 0.25, 0.5
"""Of the time since they were last told, how much the link may have been full."""
LONGEST_BURST_SECONDS = 4.0
"""A longer time in which the link was full counts as this: pictures wait no longer than 16 s."""
CHARTS_BEHIND_SECONDS = 1.0
"""So much is behind that charts wait too; pictures wait as soon as anything is."""
PICTURES_BEHIND_SECONDS = 0.1
"""Nobody sees that much, and a busy machine is that late."""
FEW_CORES = 4
"""With so many or fewer, a trainer on the CPU wants them all."""
CPU_SHARE = 0.02
"""Of a core, that the screen may take there before news come more seldom."""
MOST_THRIFTY_SECONDS = 2.0
"""Charts are never further apart than this for that."""
THRIFTY_POLL_SECONDS = 0.25
TOGETHER_SECONDS = 0.1
"""Pictures so soon after charts are drawn with them, at half the cost of being drawn apart."""
CHARTS_AWAITED_SECONDS = 1.0
"""So much longer do pictures wait to be drawn with the charts."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a second, at most."""

    pictures: float
    charts: float


LOCAL = Rates(pictures=2.0, charts=2.5)
REMOTE = Rates(pictures=0.5, charts=1.0)
"""Over SSH, where nothing tells how much the link carries before it is full."""


class Load(Protocol):
    """What the writer knows of the link."""

    @property
    def busy_seconds(self) -> float:
        """For how long, in all, there was more to send than could go out."""

    @property
    def seconds_behind(self) -> float:
        """For how long there has been more to send than could go out."""


class RefreshLimiter:
    """Says when pictures and charts are due; what it says is due is taken as told."""

    def __init__(
        self,
        fps: int | None = None,
        *,
        is_remote: bool = False,
        cores: int = FEW_CORES + 1,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.process_time,
    ) -> None:
        """Pin both rates to ``fps``; None heeds the link, and what drawing takes of few cores."""
        self._is_pinned = fps is not None
        rates = Rates(fps, fps) if fps else REMOTE if is_remote else LOCAL
        cpu = cpu_clock if cores <= FEW_CORES and not self._is_pinned else None
        self._pictures = _Turns(rates.pictures, PICTURES_SHARE, PICTURES_BEHIND_SECONDS, clock, cpu)
        self._charts = _Turns(rates.charts, CHARTS_SHARE, CHARTS_BEHIND_SECONDS, clock, cpu)
        most = MOST_POLL_SECONDS if cpu is None else THRIFTY_POLL_SECONDS
        self.poll_seconds = min(most, 1 / rates.charts)
        """How often it is worth asking."""

    def heed(self, load: Load) -> None:
        """Slow down by this load from now on, unless pinned."""
        if not self._is_pinned:
            self._pictures.load = self._charts.load = load

    def pictures_due(self) -> bool:
        """Tell whether newer weights may be drawn with."""
        return self._pictures.is_due(beside=self._charts)

    def charts_due(self) -> bool:
        """Tell whether newer losses may be drawn."""
        return self._charts.is_due()


class _Turns:
    """When one kind of drawing has its turn."""

    def __init__(
        self,
        rate: float,
        share: float,
        behind: float,
        clock: Callable[[], float],
        cpu_clock: Callable[[], float] | None,
    ) -> None:
        self._seconds = 1 / rate
        self._share = share
        self._behind = behind
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._last, self._busy_then, self._cpu_then = -math.inf, 0.0, 0.0
        self.load: Load | None = None

    def is_due(self, beside: "_Turns | None" = None) -> bool:
        """Tell whether it is time; where thrift matters, best when it just was for ``beside``."""
        now = self._clock()
        since = now - self._last
        cpu = self._cpu_clock() if self._cpu_clock else 0.0
        if since < max(self._seconds, self._thrifty_seconds(now, cpu, beside)):
            return False
        if self.load is not None:
            busy = self.load.busy_seconds
            burst = min(busy - self._busy_then, LONGEST_BURST_SECONDS)
            if burst > self._share * since or self.load.seconds_behind > self._behind:
                return False
            self._busy_then = busy
        self._last, self._cpu_then = now, cpu
        return True

    def _thrifty_seconds(self, now: float, cpu: float, beside: "_Turns | None") -> float:
        seconds = self._paid_off_seconds(cpu)
        if beside is None or not self._cpu_clock:
            return seconds
        if now - beside._last < TOGETHER_SECONDS:
            return 0.0
        return max(seconds, beside._paid_off_seconds(cpu)) + CHARTS_AWAITED_SECONDS

    def _paid_off_seconds(self, cpu: float) -> float:
        """Return for how long what was drawn since the last turn is too much of a core."""
        return min((cpu - self._cpu_then) / CPU_SHARE, MOST_THRIFTY_SECONDS)


def check_fps(fps: int | None) -> None:
    """Raise UsageError, with the nearest right value, unless it is in range."""
    if fps is not None and not LEAST_FPS <= fps <= MOST_FPS:
        nearest = min(max(fps, LEAST_FPS), MOST_FPS)
        way = "or less" if fps > MOST_FPS else "or more"
        raise UsageError(
            f"--fps must be {nearest} {way}, not {fps!s:.40}; the nearest is {nearest}"
        )
