"""Which lines of a log a later restart voids."""

from hypothesis import given
from hypothesis import strategies as st
from support.logs import NOW, started
from support.real_runs import in_force

from vae_tui.run.events import Event, WeightsSaved, encode
from vae_tui.run.log.restarts import Restarts


def saved(step: int, path: str = "") -> WeightsSaved:
    return WeightsSaved(time=NOW, step=step, path=path)


def left(happened: list[Event]) -> list[Event]:
    restarts = Restarts(map(encode, happened))
    return [event for n, event in enumerate(happened) if not restarts.is_void(n, event.step)]


def test_a_start_voids_earlier_events_of_later_steps_and_no_others():
    first = [started(0), saved(5, "a"), saved(9, "void")]
    second = [started(5), saved(9, "b"), saved(20, "void too")]
    third = [started(12), saved(20, "c")]
    assert left([*first, *second, *third]) == [*first[:2], *second[:2], *third]


def test_a_start_from_further_back_voids_more_than_the_one_before_it():
    happened = [started(0), saved(7, "void"), saved(12, "void"), started(10), started(5)]
    assert left(happened) == [happened[0], happened[4]]


@given(st.lists(st.builds(started, st.integers(0, 6)) | st.builds(saved, st.integers(0, 9))))
def test_what_is_left_is_what_remains_when_each_start_removes_later_steps(happened):
    assert left(happened) == in_force(happened)


def test_lines_that_are_no_events_count_as_lines():
    lines = [b"torn", encode(saved(7)), b'{"event":"run_started"}', encode(started(5))]
    restarts = Restarts(lines)
    assert restarts.is_void(1, 7)
    assert not restarts.is_void(3, 7)
