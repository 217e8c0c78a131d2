import json
import os
import threading

import pytest
from support.clocks import Clock
from support.logs import NOW, epoch_ended, losses, run_with, started
from support.processes import PATIENCE_SECONDS
from support.screen import Screen, become, until_reading, wait_until
from support.terminal import PROGRAM, Terminal
from support.tiny_runs import TINY

from vae_tui.run.events import CommandRefused, RunEnded, encode
from vae_tui.run.files import append
from vae_tui.run.last_seen import LastSeenStore
from vae_tui.tui.feed.absence_tracker import RECORD_SECONDS, AbsenceTracker
from vae_tui.tui.feed.run_reader import RunReader
from vae_tui.tui.messages import UserReturned
from vae_tui.tui.state.run_view import RunView


class Person:
    """Looks at a run now and then, by a clock of the test."""

    def __init__(self, run, folder) -> None:
        self.run = run
        self.clock = Clock(NOW)
        self.folder = folder

    def visit(self) -> list[str]:
        """Attach for a moment, as the screen does; return what was missed."""
        missed: list[str] = []
        leave = threading.Event()
        record = LastSeenStore(self.run, self.folder)
        before = record.load()

        def post(message) -> None:
            if isinstance(message, UserReturned):
                missed.append(message.summary)

        class Looked(LastSeenStore):
            def keep(self, seen):
                super().keep(seen)
                leave.set()

        view = RunView(self.run.name, TINY, epochs=3)
        tracker = AbsenceTracker(self.run, Looked(self.run, self.folder), self.clock)
        reading = threading.Thread(
            target=RunReader(self.run, view, tracker).follow, args=(post, leave), daemon=True
        )
        reading.start()
        assert leave.wait(PATIENCE_SECONDS)
        reading.join(PATIENCE_SECONDS)
        assert record.load() != before
        return missed


def test_who_comes_back_sees_what_came_after_they_left(tmp_path):
    run = run_with(tmp_path / "runs", started(), epoch_ended(1, 120.0), losses(6))
    person = Person(run, tmp_path / "state")
    assert person.visit() == []
    refused = CommandRefused(time=NOW, step=6, command_id="x", why="no such setting")
    end = RunEnded(time=NOW, step=18, reason="finished")
    for event in (refused, epoch_ended(3, 104.0), losses(18), end):
        append(run.events, encode(event))
    person.clock.now += 30
    person.clock.now += 47 * 60
    assert person.visit() == [
        "while you were away (47 m 30 s): epochs 1 to 3, best test 122.0 to 106.0, "
        "refused: no such setting, it finished"
    ]
    person.clock.now += 3_600
    assert person.visit() == []


def test_what_is_seen_is_kept_all_the_time_but_not_for_every_look(tmp_path):
    """A screen that is killed says no farewell: what it saw last is there all the same."""
    run = run_with(tmp_path / "runs", started())
    clock, kept = Clock(NOW), []

    class Counted(LastSeenStore):
        def keep(self, seen):
            kept.append(seen.time)

    tracker = AbsenceTracker(run, Counted(run, tmp_path), clock)
    view = RunView("run", TINY)
    for _ in range(100):
        tracker.update(view, 0, lambda message: None)
        clock.now += RECORD_SECONDS / 10
    assert kept == [NOW + RECORD_SECONDS * number for number in range(10)]
    clock.now = NOW - 9_999  # set back
    tracker.update(view, 0, lambda message: None)
    assert kept[-1] == NOW - 9_999


# On the screen

MISSED = "while you were away (47 m 00 s): epochs 12 to 19, it failed: [b]\x1b[2J"


async def test_what_was_missed_stands_there_until_a_key_is_pressed_and_then_in_the_help():
    screen = Screen(views="2")
    async with screen.at(120, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "lost")
        screen.reader.post(UserReturned(MISSED))
        await wait_until(pilot, lambda: "epochs 12 to 19, it failed: [b]?[2J" in screen.notice)
        assert "p continues from the last save" in screen.notice
        await pilot.press("2")
        await wait_until(pilot, lambda: "while you were away" not in screen.notice)
        assert "p continues from the last save" in screen.notice
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: "epochs 12 to 19" in screen.text)


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_what_was_missed_covers_and_cuts_nothing(size):
    from support.layout_faults import until_whole

    screen = Screen(views="12345")
    async with screen.at(*size) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        screen.reader.post(UserReturned(MISSED))
        await wait_until(pilot, lambda: "while you" in screen.notice)
        for key in "12345":
            await pilot.press(key)
            await until_whole(pilot, screen, key)


def test_who_attaches_again_after_a_while_reads_what_happened(tmp_path):
    run = run_with(tmp_path / "runs", started(), epoch_ended(1, 120.0), losses(6))
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    command = [*PROGRAM, "attach", str(run.path), "--read-only"]
    seen = tmp_path / "state" / "vae-tui" / "seen"
    with Terminal(command, environment=state) as terminal:
        terminal.wait_for(lambda _: seen.exists() and any(seen.glob("*.json")))
        os.kill(terminal.pid, 9)
        terminal.wait_for_end()
    (file,) = seen.glob("*.json")
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, "time": record["time"] - 47 * 60}))
    append(run.events, encode(epoch_ended(3, 104.0)))
    append(run.events, encode(losses(18)))
    with Terminal(command, environment=state) as terminal:
        terminal.wait_for("while you were away (47 m")
        terminal.wait_for("epochs 1 to 3, best test 122.0 to")
        terminal.type("2")
        terminal.wait_for(lambda text: "while you" not in text)
        terminal.type("q")
        assert terminal.wait_for_end() == 0
