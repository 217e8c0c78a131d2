from dataclasses import dataclass

import pytest

from vae_tui.tui.link.refresh_limiter import (
    ALONE_SECONDS,
    CPU_SHARE,
    FEW_CORES,
    FEW_CORES_POLL_SECONDS,
    LOCAL,
    MOST_CPU_WAIT_SECONDS,
    MOST_POLL_SECONDS,
    REMOTE,
    TOGETHER_SECONDS,
    RefreshLimiter,
)


@dataclass
class FakeLoad:
    seconds_behind: float = 0.0


class Day:
    """A limiter, its link, and time."""

    def __init__(self, **settings) -> None:
        self.now, self.load = 0.0, FakeLoad()
        self.cpu, self.seconds_a_drawing = 0.0, 0.0
        self.limiter = RefreshLimiter(
            clock=lambda: self.now, cpu_clock=lambda: self.cpu, **settings
        )
        self.limiter.watch(self.load)

    def counts(self, seconds: float) -> tuple[int, int]:
        """Return how often pictures and charts were due."""
        pictures = charts = 0
        for _ in range(round(seconds * 100)):
            self.now += 0.01
            drawn = self.limiter.pictures_due(), self.limiter.charts_due()
            pictures, charts = pictures + drawn[0], charts + drawn[1]
            self.cpu += self.seconds_a_drawing * sum(drawn)
        return pictures, charts


def test_on_a_free_link_pictures_and_charts_keep_their_rates():
    pictures, charts = Day().counts(20)
    assert pictures == pytest.approx(20 * LOCAL.pictures, rel=0.05)
    assert charts == pytest.approx(20 * LOCAL.charts, rel=0.05)


def test_over_ssh_the_rates_are_lower():
    pictures, charts = Day(is_remote=True).counts(20)
    assert pictures == pytest.approx(20 * REMOTE.pictures, abs=1)
    assert charts == pytest.approx(20 * REMOTE.charts, abs=1)
    assert REMOTE.pictures < LOCAL.pictures and REMOTE.charts < LOCAL.charts


@pytest.mark.parametrize("seconds", [0.005, 0.012])
def test_on_few_cores_the_screen_keeps_to_its_share_of_one(seconds):
    day = Day(cores=FEW_CORES)
    day.seconds_a_drawing = seconds
    day.counts(20)
    before = day.cpu
    pictures, charts = day.counts(60)
    assert 0.5 * CPU_SHARE < (day.cpu - before) / 60 < 1.1 * CPU_SHARE
    assert pictures > 30 and charts > 30


def test_on_few_cores_news_are_never_long_apart_whatever_they_cost():
    day = Day(cores=1)
    day.seconds_a_drawing = 0.5
    assert all(count >= 60 / MOST_CPU_WAIT_SECONDS - 2 for count in day.counts(60))


def test_on_few_cores_news_are_looked_for_less_often():
    assert RefreshLimiter(cores=FEW_CORES).poll_seconds == FEW_CORES_POLL_SECONDS
    assert RefreshLimiter(cores=FEW_CORES + 1).poll_seconds == pytest.approx(MOST_POLL_SECONDS)


def test_on_few_cores_pictures_are_drawn_with_the_charts():
    day = Day(cores=FEW_CORES)
    charts_at, apart = 0.0, []
    for _ in range(240):
        day.now += FEW_CORES_POLL_SECONDS
        if day.limiter.charts_due():
            charts_at = day.now
            day.cpu += 0.04
        if day.limiter.pictures_due():
            apart.append(day.now - charts_at)
            day.cpu += 0.01
    assert len(apart) > 25
    assert max(apart[1:]) <= TOGETHER_SECONDS


def test_on_few_cores_pictures_wait_for_charts_that_do_not_come_but_not_for_long():
    day = Day(cores=FEW_CORES)
    assert day.limiter.pictures_due()
    day.cpu += 1.0
    began = day.now
    while not day.limiter.pictures_due():
        day.now += 0.1
    assert day.now - began == pytest.approx(ALONE_SECONDS, abs=0.11)


def test_where_cores_are_to_spare_and_where_fps_is_given_it_does_not_matter_what_drawing_takes():
    for settings in ({"cores": FEW_CORES + 1}, {"cores": 1, "fps": 2}):
        day = Day(**settings)
        day.seconds_a_drawing = 0.1
        assert day.counts(20)[0] == pytest.approx(20 * LOCAL.pictures, rel=0.05)


def test_pictures_wait_while_anything_is_behind_and_charts_while_much_is():
    day = Day()
    day.load.seconds_behind = 0.5
    assert day.counts(2)[0] == 0
    assert day.counts(2)[1] > 0
    day.load.seconds_behind = 2.0
    assert day.counts(2) == (0, 0)
    day.load.seconds_behind = 0.0
    assert all(day.counts(2))


@pytest.mark.parametrize("fps", [1, 7, 60])
def test_fps_pins_both_rates_whatever_the_link(fps):
    day = Day(fps=fps, is_remote=True)
    day.load.seconds_behind = 9.0
    pictures, charts = day.counts(20)
    assert pictures == charts == pytest.approx(20 * fps, rel=0.2)
    assert day.limiter.poll_seconds <= 1 / fps
