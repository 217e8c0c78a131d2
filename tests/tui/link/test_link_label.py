from dataclasses import dataclass, field
from math import ceil

from vae_tui.tui.link.link_label import WINDOW_SECONDS, LinkLabel


@dataclass
class FakeFlow:
    bytes_sent: float = 0.0
    is_multiplexed: bool = False


@dataclass
class FakeWriter:
    seconds_behind: float = 0.0
    flow: FakeFlow = field(default_factory=FakeFlow)


class Watched:
    """A label that is asked for its text once a second."""

    def __init__(self) -> None:
        self.now, self.writer = 0.0, FakeWriter()
        self.label = LinkLabel(self.writer, lambda: self.now)

    def text(self, rate: float, share: float = 0.0, seconds: int = 1) -> str:
        """Return the text after ``seconds``, in ``share`` of which the link was full."""
        for second in range(seconds):
            self.now += 1.0
            self.writer.flow.bytes_sent += rate
            is_full = int((second + 1) * share) > int(second * share)
            self.writer.seconds_behind = 0.5 if is_full else 0.0
            text = self.label.text()
        return text


def test_the_label_shows_what_is_sent_a_second():
    assert Watched().text(12_300) == "12 KB/s"


def test_next_to_nothing_is_not_shown():
    watched = Watched()
    watched.text(12_300)
    assert watched.text(40, seconds=ceil(WINDOW_SECONDS)) == ""


def test_a_number_that_is_about_right_stays():
    watched = Watched()
    watched.text(10_000)
    assert watched.text(12_500, seconds=15) == "10 KB/s"
    # The mean rises from 12.5 to 20: the label follows it by more than a third, twice.
    assert watched.text(20_000, seconds=15) == "19 KB/s"


def test_a_link_that_is_full_for_a_third_of_the_time_is_called_slow_until_it_is_nearly_free():
    watched = Watched()
    assert "slow" not in watched.text(18_000, share=0.2, seconds=15)
    assert watched.text(18_000, share=0.6, seconds=15) == "slow link, 18 KB/s"
    assert "slow" in watched.text(18_000, share=0.2, seconds=15)
    assert "slow" not in watched.text(18_000, share=0.0, seconds=15)


def test_in_tmux_no_speed_is_claimed():
    watched = Watched()
    watched.writer.flow.is_multiplexed = True
    assert watched.text(12_300) == ""
