"""Says how often pictures and charts may be drawn, to leave the link free for keys.

Pictures slow down first, then charts; the effect of a key waits for neither. Where there are few
cores, drawing also interrupts the training, so it is kept to a small share of one core.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vae_tui.tui.link.terminal_writer import TerminalWriter

MOST_POLL_SECONDS, FEW_CORES_POLL_SECONDS = 0.1, 0.25
LONGEST_BURST_SECONDS = 4.0
"""A longer time with a full link counts as this long: pictures wait 16 s at most."""
FEW_CORES = 4
"""With this many or fewer, a trainer on the CPU needs all of them."""
CPU_SHARE = 0.02
"""Share of a core that drawing may take there."""
MOST_CPU_WAIT_SECONDS = 2.0
"""Charts are never further apart than this because of it."""
TOGETHER_SECONDS = 0.1
"""Pictures this soon after charts are drawn in the same frame, for half the CPU time."""
CHARTS_AWAITED_SECONDS = 1.0
"""How long pictures wait for charts in order to be drawn with them."""


class Rates(NamedTuple):
    """Most drawings per second."""

    pictures: float
    charts: float


LOCAL = Rates(pictures=2.0, charts=2.5)
REMOTE = Rates(pictures=0.5, charts=1.0)
"""Over SSH, where the link's speed is unknown until it is full."""


class RefreshLimiter:
    """Says when pictures and charts are due; the caller then draws them."""

    def __init__(
        self,
        fps: int | None = None,
        *,
        is_remote: bool = False,
        cores: int = FEW_CORES + 1,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.process_time,
    ) -> None:
        """Fix both rates to ``fps``; None adapts them to the link and, on few cores, to the CPU."""
        self._is_fixed = fps is not None
        self._clock, self._cpu_clock = clock, cpu_clock
        self._is_thrifty = cores <= FEW_CORES and fps is None
        rates = Rates(fps, fps) if fps else REMOTE if is_remote else LOCAL
        # Pictures wait as soon as anything is behind for longer than a busy machine's delays.
        self._pictures = _Schedule(1 / rates.pictures, most_busy_share=0.25, most_behind=0.1)
        self._charts = _Schedule(1 / rates.charts, most_busy_share=0.5, most_behind=1.0)
        self._writer: TerminalWriter | None = None
        most = FEW_CORES_POLL_SECONDS if self._is_thrifty else MOST_POLL_SECONDS
        self.poll_seconds = min(most, 1 / rates.charts)
        """Shortest useful interval of calls."""

    def watch(self, writer: "TerminalWriter") -> None:
        """Adapt to this writer's link from now on, unless the rates are fixed."""
        if not self._is_fixed:
            self._writer = writer

    def charts_due(self) -> bool:
        """Return whether newer losses may be drawn."""
        return self._is_due(self._charts, self._cpu_wait(self._charts))

    def pictures_due(self) -> bool:
        """Return whether newer weights may be drawn with; on few cores preferably with charts."""
        wait = 0.0
        if self._is_thrifty and self._clock() - self._charts.last > TOGETHER_SECONDS:
            wait = CHARTS_AWAITED_SECONDS + max(map(self._cpu_wait, (self._charts, self._pictures)))
        return self._is_due(self._pictures, wait)

    def _is_due(self, schedule: "_Schedule", wait: float) -> bool:
        now = self._clock()
        since = now - schedule.last
        if since < max(schedule.interval, wait):
            return False
        if self._writer is not None:
            busy = self._writer.busy_seconds
            burst = min(busy - schedule.busy_seconds, LONGEST_BURST_SECONDS)
            is_behind = self._writer.seconds_behind > schedule.most_behind
            if is_behind or burst > schedule.most_busy_share * since:
                return False
            schedule.busy_seconds = busy
        schedule.last, schedule.cpu_seconds = now, self._cpu_clock()
        return True

    def _cpu_wait(self, schedule: "_Schedule") -> float:
        """Return the seconds after which what was drawn since is `CPU_SHARE` of a core."""
        if not self._is_thrifty:
            return 0.0
        used = self._cpu_clock() - schedule.cpu_seconds
        return min(used / CPU_SHARE, MOST_CPU_WAIT_SECONDS)


@dataclass(slots=True)
class _Schedule:
    """Limits of one kind of drawing, and the clocks when it was last due."""

    interval: float
    most_busy_share: float
    """Largest share of the time since then in which the link may have been full."""
    most_behind: float
    last: float = -math.inf
    busy_seconds: float = 0.0
    cpu_seconds: float = 0.0
