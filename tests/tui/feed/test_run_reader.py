"""The reader of a run's folder: what it sends, when, and that a long log holds up nobody."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from support.explored_runs import explored_run
from support.logs import epoch_ended, losses, run_with, started
from support.screen import Screen, wait_until
from textual.message import Message

from vae_tui.data.idx_format import load_test
from vae_tui.run.events import RunEnded, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.tui.feed.run_reader import BLOCK_BYTES, LIVENESS_SECONDS, RunReader
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import NetworkLoaded, ProbeLoaded, ReadingFailed, RunAdvanced
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.widgets.pictures import Pictures

MANY = 20_000
PATIENCE = 60.0


class Listener:
    """Follows a run in a thread, as the app does, and keeps what it receives."""

    def __init__(self, run: Run, limiter: RefreshLimiter | None = None) -> None:
        self.run = run
        self.received: list[Message] = []
        self.first = RunView(run.name, run.config(), epochs=3)
        self._news = threading.Condition()
        self._leave = threading.Event()
        self.reader = RunReader(run, self.first, limiter=limiter)
        self._thread = threading.Thread(
            target=self.reader.follow, args=(self._take, self._leave), daemon=True
        )

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self.reader.request_step(0)  # wakes it
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    @property
    def views(self) -> list[RunView]:
        return [message.view for message in self.received if isinstance(message, RunAdvanced)]

    def until(self, condition: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE), self.received[-3:]

    def until_read(self, step: int) -> RunView:
        self.until(lambda: self.views and self.views[-1].step == step)
        return self.views[-1]

    def _take(self, message: Message) -> None:
        with self._news:
            self.received.append(message)
            self._news.notify_all()


def long_run(folder, count: int = MANY) -> Run:
    return run_with(folder, started(), *map(losses, range(1, count)), epoch_ended(1, 7.0))


def test_a_long_log_is_told_whole_when_it_has_been_read(tmp_path):
    run = long_run(tmp_path)
    assert run.events.stat().st_size > 4 * BLOCK_BYTES
    with Listener(run) as listener:
        view = listener.until_read(MANY - 1)
    expected = advance(listener.first, [started(), *map(losses, range(1, MANY))])
    for mine, theirs in zip(view.train.columns, expected.train.columns, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    assert view.last_test_loss == 9.0
    # Before the end it reports how far it is, and nothing that was true once.
    assert all(len(one.train.columns[0]) == 0 < one.unread for one in listener.views[:-1])


def test_each_block_of_a_long_log_is_bounded(tmp_path):
    run = long_run(tmp_path)
    largest = 0

    class Measured(RunReader):
        def _take_block(self, post):
            nonlocal largest
            before = self._tail.offset
            block = super()._take_block(post)
            largest = max(largest, self._tail.offset - before)
            return block

    listener = Listener(run)
    reader = Measured(run, listener.first)
    leave = threading.Event()

    def post(message: Message) -> None:
        if isinstance(message, RunAdvanced) and not message.view.unread:
            leave.set()

    reader.follow(post, leave)
    assert 0 < largest <= BLOCK_BYTES


def test_what_is_appended_is_told_and_nothing_twice(tmp_path):
    run = run_with(tmp_path, started(), losses(1))
    with Listener(run) as listener:
        listener.until_read(1)
        for step in (2, 3, 4):
            with run.events.open("ab") as file:
                file.write(encode(losses(step)))
            view = listener.until_read(step)
    assert view.train.columns[0].tolist() == [losses(step).epoch for step in (1, 2, 3, 4)]


def test_an_answer_that_the_user_waits_for_is_looked_for_at_once(tmp_path):
    limiter = RefreshLimiter()
    limiter.poll_seconds = 2 * PATIENCE
    with Listener(run_with(tmp_path, started()), limiter) as listener:
        listener.until(lambda: listener.views)
        append(listener.run.events, encode(losses(6)))
        listener.reader.poll_faster()
        listener.until_read(6)  # by looking now; what comes next, by looking often
        append(listener.run.events, encode(RunEnded(time=2.0, step=7, reason="stopped")))
        listener.until_read(7)


@pytest.mark.parametrize("how", ["cut", "replaced"])
def test_a_log_that_becomes_another_one_is_told_from_its_start(tmp_path, how):
    run = run_with(tmp_path, started(), *map(losses, range(1, 50)), epoch_ended(1, 7.0))
    # Its start voids nothing of what was read before.
    other = b"".join(map(encode, (started(step=99), *map(losses, range(100, 103)))))
    with Listener(run) as listener:
        listener.until_read(49)
        if how == "replaced":
            (tmp_path / "new").write_bytes(other)
            (tmp_path / "new").replace(run.events)
        else:
            run.events.write_bytes(other)
        view = listener.until_read(102)
    assert view.train.columns[0].tolist() == [losses(step).epoch for step in (100, 101, 102)]
    assert len(view.test.rows) == 0


def test_a_damaged_line_is_told_with_its_number_in_the_file(tmp_path):
    run = run_with(tmp_path, started(), *map(losses, range(1, 5_000)))
    with run.events.open("ab") as file:
        file.write(b"{torn\n" + encode(losses(5_000)))
    with Listener(run) as listener:
        listener.until_read(5_000)
    (failed,) = [one.reason for one in listener.received if isinstance(one, ReadingFailed)]
    assert f"{run.events} line 5001 is not an event" in failed


def test_further_damaged_lines_are_told_when_they_are_ten_times_as_many(tmp_path):
    run = run_with(tmp_path, started())

    def append_damaged(step: int) -> None:
        append(run.events, b"{torn\n" + encode(losses(step)))
        listener.until_read(step)

    def reported() -> list[str]:
        return [one.reason for one in listener.received if isinstance(one, ReadingFailed)]

    with Listener(run) as listener:
        for step in range(1, 10):
            append_damaged(step)
        assert len(reported()) == 1
        append_damaged(10)
        assert len(reported()) == 2
    assert "9 more are not" in reported()[-1]


def test_silence_is_counted_anew_when_the_clock_is_set_back(tmp_path, monkeypatch):
    run = run_with(tmp_path, started())
    with Listener(run) as listener:
        listener.until_read(0)
        append(run.events, encode(losses(1)))
        heard_at = listener.until_read(1).heard_at
        right = time.time
        monkeypatch.setattr(time, "time", lambda: right() - 1_000)
        listener.until(lambda: listener.views[-1].heard_at < heard_at - 900)


def test_weights_are_told_before_a_long_log_has_been_read(tmp_path):
    run = explored_run(tmp_path)
    with run.events.open("ab") as file:
        file.writelines(encode(losses(step)) for step in range(60, MANY))
    with Listener(run) as listener:
        listener.until_read(MANY - 1)
    kinds = [type(message) for message in listener.received]
    whole = next(
        place for place, message in enumerate(listener.received)
        if isinstance(message, RunAdvanced) and not message.view.unread
    )  # fmt: skip
    assert kinds.index(NetworkLoaded) < whole


# On the screen


def test_a_live_run_without_a_probe_has_the_test_digits_of_its_data_set(tmp_path):
    run = run_with(tmp_path)
    images, labels = load_test("digits", tmp_path)
    lock = run.take_lock()
    try:
        with Listener(run) as listener:
            listener.until(lambda: any(isinstance(one, ProbeLoaded) for one in listener.received))
    finally:
        os.close(lock)
    (probe,) = [one.probe for one in listener.received if isinstance(one, ProbeLoaded)]
    np.testing.assert_array_equal(probe.images, images)
    np.testing.assert_array_equal(probe.labels, labels)


def test_a_live_run_whose_data_set_is_on_another_machine_has_its_probe_once_that_is_written(
    tmp_path,
):
    run, other = run_with(tmp_path, dataset="mnist"), explored_run(tmp_path / "other")
    lock = run.take_lock()
    try:
        with Listener(run) as listener:
            listener.until(lambda: any(view.live for view in listener.views))
            assert not any(isinstance(one, ProbeLoaded) for one in listener.received)
            other.probe.rename(run.probe)
            listener.until(lambda: any(isinstance(one, ProbeLoaded) for one in listener.received))
    finally:
        os.close(lock)


async def test_keys_are_answered_and_the_share_is_told_while_a_log_is_read():
    screen = Screen(views="12")
    async with screen.at(80, 24) as pilot:
        await wait_until(pilot, screen.reader.follows.is_set)
        screen.reader.report(unread=0.57)
        await wait_until(pilot, lambda: "● reading 43%" in screen.status)
        assert screen.notice == ""  # a line that comes and goes would move all below it
        await pilot.press("2")
        await wait_until(pilot, lambda: screen.view.query(Pictures))
        await pilot.press("1", "p", "u", "c", "l")
        assert screen.steering.sent == [] and screen.steering.restarted == []
        screen.reader.report(started(), losses(3), RunEnded(time=1, step=3, reason="finished"),
                             live=False, unread=0.0)  # fmt: skip
        await wait_until(pilot, lambda: "finished" in screen.status)
        assert (screen.notice, "reading" in screen.status) == ("", False)


async def test_leaving_a_live_run_whose_log_is_still_read_asks():
    screen = Screen(views="")
    async with screen.at() as pilot:
        await wait_until(pilot, screen.reader.follows.is_set)
        screen.reader.report(unread=0.5, live=True)
        await wait_until(pilot, lambda: "reading" in screen.status)
        await pilot.press("q")
        await wait_until(pilot, lambda: "Keep training" in screen.text)


async def test_the_chart_is_not_drawn_before_the_log_has_been_read():
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await wait_until(pilot, screen.reader.follows.is_set)
        screen.reader.report(started(), *map(losses, range(1, 9)))
        await wait_until(pilot, lambda: "trend 9" in screen.text)
        charts = screen.view.query("LossChart")
        drawn = [chart.plot for chart in charts]
        screen.reader.view = replace(screen.reader.view, unread=0.5)
        screen.reader.report()
        await wait_until(pilot, lambda: "reading" in screen.status)
        assert [chart.plot for chart in charts] == drawn


def test_a_run_that_has_ended_is_reported_once(tmp_path):
    run = run_with(tmp_path, started(), losses(1), RunEnded(time=2.0, step=1, reason="finished"))
    with Listener(run) as listener:
        listener.until_read(1)
        reported = len(listener.views)
        polls = threading.Event()
        polls.wait(3 * LIVENESS_SECONDS)  # not for a result: for what must not come
        assert len(listener.views) == reported
