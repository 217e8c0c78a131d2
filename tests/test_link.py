"""The link's speed, learnt on links that are simulated: no time passes."""

import pytest

from vae_tui.tui.link import (
    BUFFER_BYTES,
    FIRST_SECONDS,
    PATIENCE_SECONDS,
    TRIES,
    TRY_SECONDS,
    Link,
)

TICK = 0.005


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Way:
    """Carries ``rate`` bytes a second after ``seconds`` of way; a terminal at its end answers."""

    def __init__(self, rate: float, seconds: float) -> None:
        self.clock = Clock()
        self.link = Link(self.clock)
        self.rate, self.seconds = rate, seconds
        self.waiting = 0.0
        self.sent = 0
        self._answers: list[float] = []

    @property
    def queue_seconds(self) -> float:
        return self.waiting / self.rate

    def send(self, count: int, *, is_pressed: bool = True, is_question: bool = False) -> None:
        self.link.sent(count)
        self.sent += count
        self.waiting += count
        if self.link.is_to_be_asked(0) or is_question:
            self.link.asked(is_pressed=is_pressed)
            self._answers.append(self.clock.now + self.queue_seconds + self.seconds)

    def pass_time(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += TICK
            self.waiting = max(self.waiting - self.rate * TICK, 0.0)
            while self._answers and self._answers[0] <= self.clock.now:
                del self._answers[0]
                self.link.answered()

    def press(self, seconds: float) -> list[float]:
        """Send all that may be sent; return how long the queue was at each moment."""
        queues, end = [], self.clock.now + seconds
        while self.clock.now < end:
            allowed = self.link.allowance()
            if allowed is None or allowed > 0:
                self.send(2000 if allowed is None else min(allowed, 2000))
            elif self.link.is_stuck:
                self.send(4, is_question=True)
            self.pass_time(TICK)
            queues.append(self.queue_seconds)
        return queues


class Silent:
    """A terminal without answers: takes ``rate`` bytes a second, its buffer lets writes wait."""

    def __init__(self, rate: float) -> None:
        self.clock = Clock()
        self.link = Link(self.clock)
        self.rate = rate
        self.waiting = 0.0
        self.shown = 0.0

    def press(self, seconds: float) -> None:
        """Send all that may be sent."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            allowed = self.link.allowance()
            if allowed is None or allowed > 0:
                self._write(2000 if allowed is None else min(allowed, 2000))
            self._pass_time(TICK)

    def stop(self, seconds: float) -> None:
        """Take nothing for so long; one write waits for the end of it."""
        self.link.sent(BUFFER_BYTES + 50)
        self.clock.now += seconds
        self.link.waited(BUFFER_BYTES + 50, seconds)
        self.waiting = float(BUFFER_BYTES)

    def _write(self, count: int) -> None:
        self.link.sent(count)
        began = self.clock.now
        self.waiting += count
        while self.waiting > BUFFER_BYTES:
            self._pass_time(TICK / 100)
        self.link.waited(count, self.clock.now - began)

    def _pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        through = min(self.waiting, self.rate * seconds)
        self.shown += through
        self.waiting -= through


@pytest.mark.parametrize("rate", [5_000, 20_000, 100_000])
def test_without_answers_a_slow_link_is_used(rate):
    way = Silent(rate)
    way.press(60.0)
    before = way.shown
    way.press(120.0)
    assert way.shown - before > 0.5 * rate * 120


@pytest.mark.parametrize("seconds", [0.1, 1.0, 10.0, 3600.0])
def test_a_silent_terminal_that_stopped_for_a_moment_is_fast_again_soon(seconds):
    way = Silent(1_000_000)
    way.press(3.0 + FIRST_SECONDS)
    way.stop(seconds)
    way.press(6.0)
    before = way.shown
    way.press(1.0)
    assert way.shown - before > 100_000


@pytest.mark.parametrize("rate", [5_000, 20_000, 100_000, 2_000_000])
@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.2])
def test_a_full_link_carries_more_than_half_of_what_it_can_and_its_queue_stays_short(rate, seconds):
    way = Way(rate, seconds)
    way.send(500, is_pressed=False)
    way.pass_time(2.0)
    way.press(5.0)
    before = way.sent
    queues = way.press(10.0)
    assert max(queues) < 0.4
    assert way.sent - before > 0.5 * min(rate, 2000 / TICK) * 10


def test_a_link_that_becomes_slow_is_found_out():
    way = Way(1_000_000, 0.05)
    way.send(500, is_pressed=False)
    way.pass_time(1.0)
    way.press(3.0)
    way.rate = 20_000
    way.press(10.0)
    assert max(way.press(5.0)) < 0.4


def test_what_was_sent_long_before_its_question_is_not_taken_for_fast():
    way = Way(20_000, 0.02)
    way.send(500, is_pressed=False)
    way.pass_time(1.0)
    way.press(5.0)
    way.link.sent(4000)
    way.pass_time(1.0)
    way.send(4, is_question=True)
    way.pass_time(1.0)
    assert way.link.speed < 25_000


def test_one_late_answer_does_not_let_the_queue_grow():
    way = Way(3_000, 0.02)
    way.send(500, is_pressed=False)
    way.pass_time(1.0)
    way.press(5.0)
    way.rate = 1.0  # nothing gets through for a moment
    way.pass_time(1.5)
    way.rate = 3_000
    way.press(10.0)
    assert max(way.press(5.0)) < 0.5


def test_a_way_that_becomes_much_longer_does_not_stop_the_link_being_used():
    way = Way(100_000, 0.02)
    way.send(500, is_pressed=False)
    way.pass_time(1.0)
    way.press(30.0)
    way.seconds = 1.0
    way.press(30.0)
    before = way.sent
    way.press(5.0)
    assert way.sent - before > 0.3 * 100_000 * 5


def test_a_link_that_becomes_fast_is_found_out():
    way = Way(5_000, 0.05)
    way.send(500, is_pressed=False)
    way.pass_time(1.0)
    way.press(5.0)
    way.rate = 200_000
    way.press(5.0)
    before = way.sent
    way.press(5.0)
    assert way.sent - before > 0.7 * 200_000 * 5


def test_the_first_screen_goes_out_at_once_and_no_more_before_the_first_answer():
    way = Way(20_000, 0.2)
    way.press(0.1)
    assert way.sent >= 16_000
    assert max(way.press(10.0)[-1000:]) < 0.4


def test_before_anything_is_known_everything_may_go_out():
    assert Link(Clock()).allowance() is None


def test_a_terminal_that_never_answers_is_asked_few_times():
    clock = Clock()
    link, asked = Link(clock), 0
    for _ in range(1000):
        link.sent(1000)
        if link.is_to_be_asked(0):
            link.asked()
            asked += 1
        clock.now += TRY_SECONDS / 10
    assert asked == TRIES
    assert not link.awaits_answer
    assert link.allowance() is None


def test_without_answers_a_write_that_had_to_wait_tells_the_speed():
    clock = Clock()
    link = Link(clock)
    link.sent(BUFFER_BYTES + 10_000)
    clock.now += 0.5
    link.waited(BUFFER_BYTES + 10_000, 0.5)
    assert link.speed == 20_000
    assert link.allowance() == 0  # what the terminal's buffer holds comes first
    clock.now += BUFFER_BYTES / 20_000
    assert 1000 < link.allowance() < 4000


def test_a_small_write_that_took_long_waited_for_something_else():
    clock = Clock()
    link = Link(clock)
    link.sent(50)
    clock.now += 3.0  # for one of the machine's cores
    link.waited(50, 3.0)
    assert link.allowance() is None


def test_an_answer_that_got_lost_does_not_stop_the_screen():
    way = Way(20_000, 0.05)
    way.press(2.0)
    way._answers.clear()
    way._answers = []
    while way.link.allowance():
        way.link.sent(500)
    way.clock.now += PATIENCE_SECONDS + 1
    assert way.link.allowance() > 0


def test_the_rate_is_of_the_last_seconds():
    clock = Clock()
    link = Link(clock)
    link.sent(8000)
    assert link.bytes_per_second > 0
    clock.now += 60
    assert link.bytes_per_second == 0


def test_a_terminal_for_which_something_else_answered_once_is_taken_for_silent_again():
    clock = Clock()
    link = Link(clock)
    link.sent(2000)
    link.asked(is_pressed=True)
    clock.now += 1.0
    link.answered()  # a key that looks like an answer
    assert link.answers
    for _ in range(2):
        while link.allowance():
            link.sent(500)
        link.asked(is_pressed=True)
        clock.now += PATIENCE_SECONDS + 1
        assert link.allowance() != 0
    assert not link.answers
    assert link.allowance() is None
