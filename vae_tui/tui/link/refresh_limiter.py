"""Says how often pictures and charts may be drawn, to leave the link free for keys.

Pictures slow down first, then charts; the effect of a key waits for neither. Where there are few
cores, drawing also interrupts the training, so it is kept to a small share of one core.
"""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vae_tui.tui.link.terminal_writer import TerminalWriter

MOST_POLL_SECONDS, FEW_CORES_POLL_SECONDS = 0.1, 0.25
PICTURES_BEHIND_SECONDS, CHARTS_BEHIND_SECONDS = 0.1, 1.0
"""Nothing is drawn while the link has been full for longer: a busy machine delays by less."""
FEW_CORES = 4
"""With this many or fewer, a trainer on the CPU needs all of them."""
CPU_SHARE = 0.02
"""Share of a core that drawing may take there."""
MOST_CPU_WAIT_SECONDS = 2.0
"""Charts are never further apart than this because of it."""
TOGETHER_SECONDS = 0.1
"""Pictures this soon after charts are drawn in the same frame, for half the CPU time."""
ALONE_SECONDS = 3.0
"""Time after which pictures are drawn without charts."""


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
        self._rates = Rates(fps, fps) if fps else REMOTE if is_remote else LOCAL
        self._pictures_at = self._charts_at = -math.inf
        self._cpu_at_charts = 0.0
        self._writer: TerminalWriter | None = None
        most = FEW_CORES_POLL_SECONDS if self._is_thrifty else MOST_POLL_SECONDS
        self.poll_seconds = min(most, 1 / self._rates.charts)
        """Shortest useful interval of calls."""

    def watch(self, writer: "TerminalWriter") -> None:
        """Adapt to this writer's link from now on, unless the rates are fixed."""
        if not self._is_fixed:
            self._writer = writer

    def charts_due(self) -> bool:
        """Return whether newer losses may be drawn."""
        wait, cpu = 1 / self._rates.charts, self._cpu_clock()
        if self._is_thrifty:  # until what was drawn since is `CPU_SHARE` of a core
            used = (cpu - self._cpu_at_charts) / CPU_SHARE
            wait = max(wait, min(used, MOST_CPU_WAIT_SECONDS))
        is_due = self._is_due(self._charts_at, wait, CHARTS_BEHIND_SECONDS)
        if is_due:
            self._charts_at, self._cpu_at_charts = self._clock(), cpu
        return is_due

    def pictures_due(self) -> bool:
        """Return whether newer weights may be drawn with; on few cores preferably with charts."""
        wait = 1 / self._rates.pictures
        if self._is_thrifty and self._clock() - self._charts_at > TOGETHER_SECONDS:
            wait = max(wait, ALONE_SECONDS)
        is_due = self._is_due(self._pictures_at, wait, PICTURES_BEHIND_SECONDS)
        if is_due:
            self._pictures_at = self._clock()
        return is_due

    def _is_due(self, last: float, wait: float, most_behind: float) -> bool:
        is_behind = self._writer is not None and self._writer.seconds_behind > most_behind
        return not is_behind and self._clock() - last >= wait
