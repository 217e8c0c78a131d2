"""What Textual writes, at the other end of a pipe."""

import os
import select
import time

import pyte
import pytest
from support.processes import PATIENCE_SECONDS

from vae_tui.terminal.desktop_notification import notification
from vae_tui.tui.link.flow_control import FlowControl
from vae_tui.tui.link.terminal_title import POP, PUSH
from vae_tui.tui.link.terminal_writer import QUERY, SYNC_BEGIN, SYNC_END, TerminalWriter


class Pipe:
    """A writer and what comes out of it; without the queries."""

    def __init__(self, *, is_blocking: bool = True) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self._writing, is_blocking)
        self.writer = TerminalWriter(self._writing, str.encode, FlowControl())

    def until(self, part: str, seconds: float = PATIENCE_SECONDS) -> str:
        """Return what comes until ``part`` has come."""
        came, deadline = "", time.monotonic() + seconds
        while part not in came:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.reading], [], [], left)[0], came[-200:]
            came += os.read(self.reading, 1 << 16).decode(errors="replace")
        return came.replace(QUERY, "")

    def is_silent(self) -> bool:
        return not select.select([self.reading], [], [], 0)[0]


@pytest.fixture
def pipe():
    made = Pipe()
    yield made
    made.writer.settle(1)
    os.close(made.reading)


def row(text: str, y: int = 1) -> str:
    return f"\x1b[{y};1H{text}"


def test_what_is_written_comes_out_with_nothing_around_it(pipe):
    pipe.writer.write(row("hello"))
    assert pipe.until("hello") == row("hello")


def test_what_stands_there_is_not_sent_again(pipe):
    pipe.writer.write(row("hello"))
    pipe.until("hello")
    pipe.writer.write(row("hello"))
    pipe.writer.write(row("world", 2))
    assert pipe.until("world") == row("world", 2)


def test_modes_go_through_in_their_order(pipe):
    modes = ("\x1b[?1000h", "\x1b[>25u", "\x1b]52;c;aGk=\x07", "\a", "\x1b[?2026$p")
    for mode in modes:
        pipe.writer.write(mode)
    assert pipe.until(modes[-1]) == "".join(modes)


@pytest.mark.parametrize("environment", [{}, {"TMUX": "x"}, {"TERM": "screen"}])
def test_notifications_and_titles_draw_nothing_again(pipe, environment):
    news = notification("mnist", "it ended", environment)
    pipe.writer.write(row("hello"))
    pipe.until("hello")
    pipe.writer.write(news)
    pipe.writer.write(f"{PUSH}\x1b]0;a title\x07{POP}")
    pipe.writer.write(row("hello"))
    pipe.writer.write(row("world", 2))
    assert pipe.until("world") == f"{news}{PUSH}\x1b]0;a title\x07{POP}{row('world', 2)}"


def test_what_it_does_not_know_comes_after_all_before_it_and_all_is_drawn_anew(pipe):
    pipe.writer.write(row("hello"))
    pipe.writer.write("\x1b[2J")
    pipe.writer.write(row("hello"))
    pipe.writer.write(row("end", 2))
    came = pipe.until("end")
    assert came.index("hello") < came.index("\x1b[2J") < came.rindex("hello")


def test_on_the_other_screen_nothing_is_known_to_stand_anywhere(pipe):
    pipe.writer.write(row("hello"))
    pipe.until("hello")
    pipe.writer.write("\x1b[?1049h")
    pipe.writer.write(row("hello"))
    assert pipe.until("hello").endswith(row("hello"))


def test_after_invalidating_all_that_is_written_is_sent(pipe):
    pipe.writer.write(row("hello"))
    pipe.until("hello")
    pipe.writer.invalidate()
    pipe.writer.write(row("hello"))
    assert pipe.until("hello") == row("hello")


def test_a_terminal_that_can_draws_each_block_at_once(pipe):
    for text in (SYNC_BEGIN, row("hello"), SYNC_END):
        pipe.writer.write(text)
    pipe.until("hello")
    pipe.writer.write(row("world"))
    assert SYNC_END in (came := pipe.until(SYNC_END))
    assert came.endswith(SYNC_END)


def test_writing_never_waits_for_a_full_link_and_what_is_overtaken_is_not_sent(pipe):
    number = 0
    while pipe.writer.seconds_behind < 0.2:  # until the pipe is full
        number += 1
        pipe.writer.write(row("abc"[number % 3] * 500))
        time.sleep(0.001)
    for number in range(1000):
        pipe.writer.write(row("xyz"[number % 3] * 500))
    pipe.writer.write(row("end", 2))
    came = pipe.until("end")
    assert sum(came.count(letter * 500) for letter in "xyz") < 10


def test_a_terminal_is_queried_and_its_report_counts(pipe):
    pipe.writer.write(row("hello"))
    while QUERY.encode() not in os.read(pipe.reading, 1000):
        pass
    assert not pipe.writer.flow.reports
    pipe.writer.reported()
    assert pipe.writer.flow.reports


def test_the_cursor_is_queried_in_column_1_where_its_report_is_no_key(pipe):
    pipe.writer.write(row("hello"))
    sent = b""
    while b"\x1b[6n" not in sent:
        sent += os.read(pipe.reading, 1000)
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(sent.partition(b"\x1b[6n")[0])
    assert "hello" in screen.display[0] and screen.cursor.x == 0


def test_settling_waits_until_all_is_written(pipe):
    pipe.writer.write(row("hello"))
    pipe.writer.settle()
    assert not pipe.is_silent()


def test_a_terminal_that_is_gone_does_not_keep_anybody_waiting():
    pipe = Pipe()
    os.close(pipe.reading)
    began = time.monotonic()
    pipe.writer.write(row("hello"))
    pipe.writer.settle(30)
    assert time.monotonic() - began < 20


def test_a_full_non_blocking_terminal_is_waited_for_and_then_written_to():
    pipe = Pipe(is_blocking=False)
    number = 0
    while pipe.writer.seconds_behind < 0.2:  # until the pipe is full
        number += 1
        pipe.writer.write(row("abc"[number % 3] * 500))
        time.sleep(0.001)
    pipe.writer.write(row("end", 2))
    assert "end" in pipe.until("end")
    pipe.writer.write(row("next", 2))
    assert "next" in pipe.until("next")
    os.close(pipe.reading)


def test_a_held_picture_is_sent_in_its_last_state_when_it_is_released(pipe):
    pipe.writer.hold(PATIENCE_SECONDS)
    pipe.writer.write(row("half"))
    pipe.writer.write("\x1b]0;title\x07")
    assert pipe.until("title\x07") == "\x1b]0;title\x07"
    time.sleep(0.01)
    assert pipe.writer.seconds_behind == 0  # the link is not slow
    pipe.writer.write(row("whole"))
    pipe.writer.release()
    assert pipe.until("whole") == row("whole")


def test_a_picture_is_held_no_longer_than_was_asked_for(pipe):
    pipe.writer.hold(0.05)
    pipe.writer.write(row("late"))
    assert pipe.until("late") == row("late")
    pipe.writer.hold(PATIENCE_SECONDS)
    pipe.writer.write(row("last", 2))
    pipe.writer.settle()  # at the end
    assert pipe.until("last") == row("last", 2)
