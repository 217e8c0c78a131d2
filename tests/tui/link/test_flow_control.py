"""The link's speed, learnt on links that are simulated: no time passes."""

import pytest
from support.clocks import Clock

from vae_tui.tui.link.flow_control import (
    BLOCK_BYTES,
    RETRY_SECONDS,
    TIMEOUT_SECONDS,
    FlowControl,
)

TICK = 0.005


class Simulated:
    """A link of ``rate`` bytes a second with a round trip of ``seconds`` to a terminal."""

    def __init__(self, rate: float, seconds: float) -> None:
        self.clock = Clock()
        self.link = FlowControl(self.clock)
        self.rate, self.seconds = rate, seconds
        self.waiting = 0.0
        self.sent = 0
        self.reports_due: list[float] = []

    @property
    def queue_seconds(self) -> float:
        return self.waiting / self.rate

    def send(self, count: int, *, is_query: bool = False) -> None:
        self.link.sent(count)
        self.sent += count
        self.waiting += count
        if self.link.should_query(0) or is_query:
            self.link.queried()
            self.reports_due.append(self.clock.now + self.queue_seconds + self.seconds)

    def pass_time(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += TICK
            self.waiting = max(self.waiting - self.rate * TICK, 0.0)
            while self.reports_due and self.reports_due[0] <= self.clock.now:
                del self.reports_due[0]
                self.link.reported()

    def saturate(self, seconds: float) -> list[float]:
        """Send all that may be sent; return the queueing delay at each moment."""
        queues, end = [], self.clock.now + seconds
        while self.clock.now < end:
            if allowed := self.link.allowance():
                self.send(min(allowed, 2000))
            elif self.link.needs_query:
                self.send(4, is_query=True)
            self.pass_time(TICK)
            queues.append(self.queue_seconds)
        return queues


@pytest.mark.parametrize("rate", [5_000, 20_000, 100_000, 2_000_000])
@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.2])
def test_a_full_link_carries_more_than_half_of_what_it_can_and_its_queue_stays_short(rate, seconds):
    simulated = Simulated(rate, seconds)
    simulated.send(500)
    simulated.pass_time(2.0)
    simulated.saturate(5.0)
    before = simulated.sent
    queues = simulated.saturate(10.0)
    assert max(queues) < 0.4
    assert simulated.sent - before > 0.5 * min(rate, 2000 / TICK) * 10


def test_a_link_that_becomes_slow_is_found_out():
    simulated = Simulated(1_000_000, 0.05)
    simulated.send(500)
    simulated.pass_time(1.0)
    simulated.saturate(3.0)
    simulated.rate = 20_000
    simulated.saturate(10.0)
    assert max(simulated.saturate(5.0)) < 0.4


def test_bytes_sent_long_before_their_query_do_not_count_as_fast():
    simulated = Simulated(20_000, 0.02)
    simulated.send(500)
    simulated.pass_time(1.0)
    simulated.saturate(5.0)
    simulated.link.sent(4000)
    simulated.pass_time(1.0)
    simulated.send(4, is_query=True)
    simulated.pass_time(1.0)
    assert max(simulated.saturate(1.0)) < 0.4


def test_one_late_report_does_not_let_the_queue_grow():
    simulated = Simulated(3_000, 0.02)
    simulated.send(500)
    simulated.pass_time(1.0)
    simulated.saturate(5.0)
    simulated.rate = 1.0  # nothing passes for a moment
    simulated.pass_time(1.5)
    simulated.rate = 3_000
    simulated.saturate(10.0)
    assert max(simulated.saturate(5.0)) < 0.5


def test_a_round_trip_that_becomes_much_longer_does_not_stop_the_link_from_being_used():
    simulated = Simulated(100_000, 0.02)
    simulated.send(500)
    simulated.pass_time(1.0)
    simulated.saturate(30.0)
    simulated.seconds = 1.0
    simulated.saturate(30.0)
    before = simulated.sent
    simulated.saturate(5.0)
    assert simulated.sent - before > 0.3 * 100_000 * 5


def test_a_link_that_becomes_fast_is_found_out():
    simulated = Simulated(5_000, 0.05)
    simulated.send(500)
    simulated.pass_time(1.0)
    simulated.saturate(5.0)
    simulated.rate = 200_000
    simulated.saturate(5.0)
    before = simulated.sent
    simulated.saturate(5.0)
    assert simulated.sent - before > 0.7 * 200_000 * 5


def test_the_first_screen_goes_out_at_once_and_no_more_before_the_first_report():
    simulated = Simulated(20_000, 0.2)
    simulated.saturate(0.1)
    assert simulated.sent >= 16_000
    assert max(simulated.saturate(10.0)[-1000:]) < 0.4


def test_before_anything_is_known_much_may_go_out():
    assert FlowControl(Clock()).allowance() == BLOCK_BYTES


def test_a_terminal_that_never_reports_is_queried_now_and_then():
    clock = Clock()
    link, queried = FlowControl(clock), 0
    for _ in range(100):
        link.sent(1000)
        link.allowance()
        if link.should_query(0):
            link.queried()
            queried += 1
        clock.now += RETRY_SECONDS / 10
    assert queried == 10
    assert not link.awaits_report
    assert link.allowance() == BLOCK_BYTES


def test_a_lost_report_does_not_stop_the_screen():
    simulated = Simulated(20_000, 0.05)
    simulated.saturate(2.0)
    simulated.reports_due.clear()
    simulated.reports_due = []
    while simulated.link.allowance():
        simulated.link.sent(500)
    simulated.clock.now += TIMEOUT_SECONDS + 1
    assert simulated.link.allowance() > 0


def test_a_terminal_for_which_something_else_reported_once_counts_as_silent_again():
    clock = Clock()
    link = FlowControl(clock)
    link.sent(2000)
    link.queried()
    clock.now += 1.0
    link.reported()  # from something between
    assert link.reports
    while link.allowance():
        link.sent(500)
    link.queried()
    clock.now += TIMEOUT_SECONDS + 1
    assert link.allowance() != 0
    assert not link.reports
    assert link.allowance() == BLOCK_BYTES


def test_a_multiplexer_is_never_queried_and_never_limited():
    clock = Clock()
    link = FlowControl(clock, is_multiplexed=True)
    for _ in range(100):
        link.sent(10_000)
        assert not link.should_query(10_000)
        link.full()
        link.written(10_000)
        assert link.allowance() == BLOCK_BYTES
        clock.now += 0.1
