from dataclasses import dataclass, field

from vae_tui.tui.link.link_label import LinkLabel


@dataclass
class FakeLink:
    bytes_per_second: float = 0.0


@dataclass
class FakeOutlet:
    busy_seconds: float = 0.0
    link: FakeLink = field(default_factory=FakeLink)


class Watched:
    """A second goes by between two questions."""

    def __init__(self) -> None:
        self.now, self.writer = 0.0, FakeOutlet()
        self.traffic = LinkLabel(self.writer, lambda: self.now)

    def words(self, rate: float, share: float = 0.0, seconds: int = 1) -> str:
        self.writer.link.bytes_per_second = rate
        for _ in range(seconds):
            self.now += 1.0
            self.writer.busy_seconds += share
            said = self.traffic.words()
        return said


def test_what_is_sent_a_second_is_told():
    assert Watched().words(12_300) == "12 KB/s"


def test_next_to_nothing_is_not_told():
    watched = Watched()
    watched.words(12_300)
    assert watched.words(40) == ""


def test_a_number_that_is_about_right_stays():
    watched = Watched()
    watched.words(10_000)
    assert watched.words(11_000) == "10 KB/s"
    assert watched.words(20_000) == "20 KB/s"


def test_a_link_that_is_full_for_a_third_of_the_time_is_called_slow_until_it_is_nearly_free():
    watched = Watched()
    assert "slow" not in watched.words(18_000, share=0.2, seconds=15)
    assert watched.words(18_000, share=0.6, seconds=15) == "slow link, 18 KB/s"
    assert "slow" in watched.words(18_000, share=0.2, seconds=15)
    assert "slow" not in watched.words(18_000, share=0.0, seconds=15)
