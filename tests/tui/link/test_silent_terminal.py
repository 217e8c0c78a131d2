"""Flow control of a terminal that never reports, in simulated time."""

import math

import pytest
from support.clocks import Clock

from vae_tui.tui.link.flow_control import (
    BLOCK_BYTES,
    CAUTION,
    KEEP_SECONDS,
    SILENT_BUFFER_BYTES,
    FlowControl,
)
from vae_tui.tui.link.terminal_writer import PIECE_BYTES

TICK = 0.005


class Silent:
    """A terminal that never reports and shows ``rate`` bytes per second behind a full buffer.

    A write that finds the buffer full continues when ``room`` bytes of it are free.
    """

    def __init__(self, rate: float, room: int = 0) -> None:
        self.clock = Clock()
        self.link = FlowControl(self.clock)
        self.rate = rate
        self.room = room
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

    def _write(self, total: int) -> None:
        self.link.sent(total)
        while total > 0:
            if self.queued > SILENT_BUFFER_BYTES - PIECE_BYTES:
                self.link.full()
                excess = self.queued - (SILENT_BUFFER_BYTES - max(self.room, PIECE_BYTES))
                self.pass_time(math.ceil(excess / self.rate / TICK * 100) * TICK / 100)
            count = min(total, PIECE_BYTES)
            self.queued, total = self.queued + count, total - count
            self.link.written(count)

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


@pytest.mark.parametrize("room", [0, 4096, 14_000])
def test_the_speed_is_measured_in_whatever_pieces_the_buffer_empties(room):
    silent = Silent(20_000, room)
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
    silent.link.full()
    silent.pass_time(seconds)
    silent.link.written(count)
    silent.rate = 1_000_000
    silent.saturate(0.5)
    before = silent.shown
    silent.saturate(1.0)
    assert silent.shown - before > 100_000


def test_small_updates_find_out_that_a_link_became_far_slower():
    silent = Silent(20_000)
    silent.saturate(30.0)
    silent.rate = 2_000
    for _ in range(160):
        silent.update(1300)
    longest = []
    for _ in range(60):
        longest.append(max(silent.saturate(0.5)))
    assert max(longest[30:]) < 0.4
