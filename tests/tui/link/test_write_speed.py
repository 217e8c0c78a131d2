"""The speed of links without answers, learnt in simulated time."""

import pytest
from support.clocks import Clock

from vae_tui.tui.link.link_speed import QUEUE_SECONDS, Link
from vae_tui.tui.link.write_speed import (
    BLOCK_BYTES,
    BUFFER_BYTES,
    CAUTION,
    LEAST_SPEED,
    WriteSpeed,
)

TICK = 0.005


class Silent:
    """A terminal without answers: takes ``rate`` bytes a second, its buffer lets writes wait.

    A write that has to wait goes on when there is ``room`` in the buffer.
    """

    def __init__(self, rate: float, room: int = 0) -> None:
        self.clock = Clock()
        self.link = Link(self.clock)
        self.rate = rate
        self.room = room
        self.is_pressed = True
        self.waiting = 0.0
        self.shown = 0.0

    def press(self, seconds: float) -> None:
        """Send all that may be sent."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            if allowed := self.link.allowance():
                self._write(allowed)
            self.pass_time(TICK)

    def queues(self, seconds: float) -> list[float]:
        """Send all that may be sent; return how long the queue was at each moment."""
        queues, end = [], self.clock.now + seconds
        while self.clock.now < end:
            self.press(TICK)
            queues.append(self.waiting / self.rate)
        return queues

    def stop(self, seconds: float) -> None:
        """Take nothing for so long; one write waits for the end of it."""
        self.link.sent(BUFFER_BYTES + 50)
        self.clock.now += seconds
        self.link.waited(BUFFER_BYTES + 50, seconds, was_full=False, is_pressed=True)
        self.waiting = float(BUFFER_BYTES)

    def update(self, count: int) -> None:
        """Send so many bytes as soon as they may be sent."""
        while count > 0:
            if allowed := min(self.link.allowance(), count):
                self._write(allowed)
                count -= allowed
            else:
                self.pass_time(TICK)

    def _write(self, total: int) -> None:
        count = total
        self.link.sent(total)
        began, had_room = self.clock.now, self._has_room()
        while count > (fits := BUFFER_BYTES - int(self.waiting)):
            self.waiting, count = self.waiting + fits, count - fits
            while self.waiting > BUFFER_BYTES - max(self.room, 1):
                self.pass_time(TICK / 100)
        self.waiting += count
        was_full = not (had_room and self._has_room())
        self.link.waited(
            total, self.clock.now - began, was_full=was_full, is_pressed=self.is_pressed
        )

    def _has_room(self) -> bool:
        return self.waiting < BUFFER_BYTES - 900

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        through = min(self.waiting, self.rate * seconds)
        self.shown += through
        self.waiting -= through


@pytest.mark.parametrize("rate", [5_000, 20_000, 100_000])
def test_a_slow_link_is_used_and_its_queue_is_mostly_short(rate):
    way = Silent(rate)
    way.press(30.0)
    before = way.shown
    queues = sorted(way.queues(60.0))
    assert way.shown - before > 0.5 * rate * 60
    assert queues[int(0.5 * len(queues))] < 0.2
    assert queues[int(0.6 * len(queues))] < 0.4


def test_while_keys_are_pressed_their_queue_stays_short():
    way = Silent(20_000)
    way.press(30.0)
    for _ in range(240):
        way.link.key_came()
        assert max(way.queues(0.5)) < 0.3


@pytest.mark.parametrize("room", [0, 4096, 14_000])
def test_the_speed_is_measured_in_whatever_pieces_the_buffer_empties(room):
    way = Silent(20_000, room)
    way.update(50_000)
    assert way.link._writes.speed == pytest.approx(CAUTION * 20_000, rel=0.15)


def test_updates_that_fill_the_buffer_once_each_tell_the_speed_in_the_end():
    way = Silent(20_000, 14_000)
    for _ in range(3):
        way.update(17_000)
        way.pass_time(3.0)
    assert 0.4 < way.link._writes.speed / 20_000 <= 1.0


def test_when_no_key_was_pressed_for_a_while_a_faster_link_is_found_out():
    way = Silent(20_000)
    way.press(30.0)
    way.link.key_came()
    way.rate = 200_000
    way.press(240.0)
    before = way.shown
    way.press(5.0)
    assert way.shown - before > 60_000 * 5


@pytest.mark.parametrize("seconds", [0.1, 1.0, 10.0, 3600.0])
def test_a_terminal_that_stopped_for_a_moment_is_fast_again_soon(seconds):
    way = Silent(1_000_000)
    way.press(3.0)
    way.stop(seconds)
    way.press(0.5)
    before = way.shown
    way.press(1.0)
    assert way.shown - before > 100_000


def test_before_a_write_had_to_wait_much_may_be_written():
    assert WriteSpeed(Clock()).allowance(QUEUE_SECONDS) == BLOCK_BYTES


def test_a_small_write_that_took_long_waited_for_something_else():
    clock = Clock()
    speed = WriteSpeed(clock)
    speed.sent(50)
    clock.now += 3.0  # for one of the machine's cores
    speed.waited(50, 3.0, was_full=False, may_try=False)
    assert speed.allowance(QUEUE_SECONDS) == BLOCK_BYTES


@pytest.mark.parametrize("apart", [1.0, 4.0, 8.0])
def test_writes_that_were_late_in_pairs_leave_a_known_speed_where_little_is_sent(apart):
    way = Silent(20_000)
    way.press(30.0)
    way.is_pressed, known = False, way.link._writes.speed
    for _ in range(12):
        for _ in range(2):
            way.pass_time(apart)
            way.link.sent(1300)
            way.pass_time(0.07)  # for one of the machine's cores
            way.link.waited(1300, 0.07, was_full=False, is_pressed=False)
        for _ in range(100):
            way.pass_time(0.5)
            way.update(1300)
    assert way.link._writes.speed == known


def test_a_link_that_became_far_slower_is_found_out_by_little_too():
    way = Silent(20_000)
    way.press(30.0)
    way.is_pressed, way.rate = False, 2_000
    known = way.link._writes.speed
    for _ in range(160):
        way.update(1300)
        way.pass_time(0.5)
    assert way.link._writes.speed < known / 3


def test_a_faster_link_is_found_out_sooner_once_it_was_right_to_try():
    way = Silent(20_000)
    way.press(300.0)
    way.rate = 2_000_000
    way.press(600.0)
    assert way.link._writes.speed > 1_000_000


def test_no_link_is_thought_to_be_slower_than_any_is():
    way = Silent(200.0)
    way.press(200.0)
    assert way.link._writes.speed >= LEAST_SPEED
