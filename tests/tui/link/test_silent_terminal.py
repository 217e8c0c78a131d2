"""Flow control of a terminal that never reports, in simulated time."""

import math

import pytest
from support.clocks import Clock

from vae_tui.tui.link.flow_control import (
    BLOCK_BYTES,
    CAUTION,
    KEEP_SECONDS,
    LEAST_SPEED,
    SILENT_BUFFER_BYTES,
    STOP_SECONDS,
    FlowControl,
)
from vae_tui.tui.link.terminal_writer import PIECE_BYTES

TICK = 0.005


class Silent:
    """A terminal that never reports and shows ``rate`` bytes per second behind its buffer."""

    def __init__(self, rate: float) -> None:
        self.clock = Clock()
        self.link = FlowControl(self.clock)
        self.rate = rate
        self.queued = 0.0
        self.shown = 0.0

    def saturate(self, seconds: float) -> list[float]:
        """Send all that may be sent; return the queueing delay at each moment."""
        delays, end = [], self.clock.now + seconds
        while self.clock.now < end:
            if allowed := self.link.allowance():
                self._write(allowed)
            self.pass_time(TICK)
            delays.append(self.queued / self.rate)
        return delays

    def update(self, count: int) -> None:
        """Send so many bytes as soon as they may be sent."""
        while count > 0:
            if allowed := min(self.link.allowance(), count):
                self._write(allowed)
                count -= allowed
            else:
                self.pass_time(TICK)

    @property
    def is_full(self) -> bool:
        return self.queued > SILENT_BUFFER_BYTES - PIECE_BYTES

    def _write(self, total: int) -> None:
        began, was_full, rest = self.clock.now, self.is_full, total
        self.link.sent(total)
        while rest > 0:
            if self.is_full:
                excess = self.queued - (SILENT_BUFFER_BYTES - PIECE_BYTES)
                self.pass_time(math.ceil(excess / self.rate / TICK * 100) * TICK / 100)
            count = min(rest, PIECE_BYTES)
            self.queued, rest = self.queued + count, rest - count
        if was_full:
            self.link.blocked(total, self.clock.now - began)

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        through = min(self.queued, self.rate * seconds)
        self.shown += through
        self.queued -= through


@pytest.mark.parametrize("rate", [5_000, 20_000, 100_000])
def test_a_slow_link_is_used_and_its_queue_is_mostly_short(rate):
    silent = Silent(rate)
    silent.saturate(30.0)
    before = silent.shown
    delays = sorted(silent.saturate(60.0))
    assert silent.shown - before > 0.5 * rate * 60
    assert delays[int(0.5 * len(delays))] < 0.2
    assert delays[int(0.6 * len(delays))] < 0.4


def test_once_measured_the_queue_stays_short_until_the_measurement_is_old():
    silent = Silent(20_000)
    silent.saturate(3.0)
    assert max(silent.saturate(KEEP_SECONDS - 6)) < 0.3


def test_the_speed_is_measured_while_the_buffer_is_full():
    silent = Silent(20_000)
    silent.update(70_000)
    began, before = silent.clock.now, silent.shown
    silent.update(40_000)
    rate = (silent.shown - before) / (silent.clock.now - began)
    assert rate == pytest.approx(CAUTION * 20_000, rel=0.15)


def test_a_faster_link_is_noticed_after_a_while():
    silent = Silent(20_000)
    silent.saturate(30.0)
    silent.rate = 200_000
    silent.saturate(2 * KEEP_SECONDS)
    before = silent.shown
    silent.saturate(5.0)
    assert silent.shown - before > 60_000 * 5


@pytest.mark.parametrize(
    ("count", "seconds"), [(50, 0.1), (50, 3600.0), (BLOCK_BYTES, 10.0), (BLOCK_BYTES, 3600.0)]
)
def test_a_terminal_that_stopped_for_a_moment_is_fast_again_soon(count, seconds):
    silent = Silent(1_000_000)
    silent.saturate(3.0)
    silent.rate = 1e-9
    silent.link.sent(count)
    silent.pass_time(seconds)
    silent.link.blocked(count, seconds)
    silent.rate = 1_000_000
    silent.saturate(0.5)
    before = silent.shown
    silent.saturate(1.0)
    assert silent.shown - before > 100_000


def test_small_updates_find_out_that_a_link_became_far_slower():
    silent = Silent(20_000)
    silent.saturate(30.0)
    silent.rate = 4_000
    for _ in range(160):
        silent.update(1300)
    longest = []
    for _ in range(60):
        longest.append(max(silent.saturate(0.5)))
    assert max(longest[30:]) < 0.4


def test_no_link_counts_as_slower_than_any_is():
    silent = Silent(20_000)
    silent.saturate(10.0)
    for _ in range(20):
        silent.link.blocked(1000, STOP_SECONDS)
    assert silent.link.allowance() == 0
    silent.pass_time(2 * SILENT_BUFFER_BYTES / LEAST_SPEED)
    assert silent.link.allowance() > 0
