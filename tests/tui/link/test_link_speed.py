"""The link's speed, learnt on links that are simulated: no time passes."""

import pytest
from support.clocks import Clock

from vae_tui.tui.link.link_speed import PATIENCE_SECONDS, TRIES, TRY_SECONDS, Link
from vae_tui.tui.link.write_speed import BLOCK_BYTES

TICK = 0.005


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
            if allowed := self.link.allowance():
                self.send(min(allowed, 2000))
            elif self.link.is_stuck:
                self.send(4, is_question=True)
            self.pass_time(TICK)
            queues.append(self.queue_seconds)
        return queues


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
    assert way.link._speed < 25_000


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


def test_before_anything_is_known_much_may_go_out():
    assert Link(Clock()).allowance() == BLOCK_BYTES


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
    assert link.allowance() == BLOCK_BYTES


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
    assert link.allowance() == BLOCK_BYTES
