import dataclasses
import os
import subprocess
import sys
import threading

import pytest
from support.logs import live, run_with
from support.run_events import CONFIG, NOW, STARTED, losses

from vae_tui.run.events import CommandRefused, Diverged, Paused, RunEnded, SettingChanged
from vae_tui.tui.feed.run_reader import RunReader
from vae_tui.tui.keys.bindings import steering_labels
from vae_tui.tui.messages import RunAdvanced
from vae_tui.tui.state.notice import notice_of
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.widgets.frame.status import status_of

EMPTY = RunView("run", CONFIG, epochs=150)


def notice(state: str, *happened, control: bool = True, now: float = NOW, **changes) -> str:
    view = dataclasses.replace(advance(EMPTY, [STARTED, *happened]), **changes)
    return " · ".join(parts_of(view, state, now, control=control))


def parts_of(view: RunView, state: str, now: float, *, control: bool = True) -> tuple[str, ...]:
    resume = "p" if control else "vae-tui resume run"
    return notice_of(view, state, now, resume=resume, leave="q", control=control)


END = RunEnded(time=NOW, step=540, reason="failed", message="CUDA is out of memory")
NAN = Diverged(time=NOW, step=543, what="bce", last_good_step=540)


@pytest.mark.parametrize(
    ("state", "happened", "line"),
    [
        ("running", (), ""),
        ("starting", (END,), ""),
        ("paused", (Paused(time=NOW, step=3),), "paused · p resumes"),
        ("paused", (Paused(time=NOW, step=3, why="no room"),), "no room"),
        ("stopped", (losses(540),), "stopped and saved at step 540 · p continues from there"),
        ("lost", (), "the trainer's process is gone · p continues from the last save"),
        ("failed", (END,), "CUDA is out of memory · p continues from the last save"),
        ("failed", (), "it failed without a message · p continues from the last save"),
        ("failed", (losses(540), NAN, END),
         "bce is not finite at step 543 · p rolls back to step 540, lr 0.0005 · q leaves"),
        ("stalled", (losses(540, time=NOW - 41),),
         "the trainer is alive but silent for 41 s · see trainer.log"),
    ],
)  # fmt: skip
def test_each_state_says_what_to_do_next(state, happened, line):
    assert notice(state, *happened) == line


@pytest.mark.parametrize("state", ["paused", "stopped", "lost", "failed", "stalled"])
def test_without_control_it_is_the_shell_that_goes_on(state):
    line = notice(state, losses(540), control=False)
    assert ("vae-tui resume run" in line) is (state != "stalled")
    assert "p goes" not in line


def test_only_a_process_of_this_machine_is_one_to_kill():
    """A lock over a network is held by a process of another machine, and its pid by one of ours."""
    silent = {"live": True, "live_pid": 12, "now": NOW + 41}
    here = notice("stalled", losses(540, time=NOW), is_here=True, **silent)
    assert here == (
        "the trainer is alive but silent for 41 s · to end it: kill -9 12, then p · see trainer.log"
    )
    shell = notice("stalled", losses(540, time=NOW), is_here=True, control=False, **silent)
    assert "kill -9 12, then vae-tui resume run" in shell
    there = notice("stalled", losses(540, time=NOW), **silent)
    assert there.startswith("the trainer is alive") and "12" not in there


def test_the_reader_tells_which_process_lives_and_whether_it_is_here(tmp_path):
    for run, is_here in ((run_with(tmp_path, STARTED), False), (run_with(tmp_path, STARTED), True)):
        lock = live(run)
        holder = None
        if is_here:
            waiting = [sys.executable, "-c", "print(flush=True); input()", str(run.path)]
            holder = subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert holder.stdout is not None
            holder.stdout.readline()  # its command line is its own now
            os.pwrite(lock, f"{holder.pid:<20}\n".encode(), 0)
        views: list[RunView] = []
        leave = threading.Event()

        def post(message: object, views=views, leave=leave) -> None:
            if isinstance(message, RunAdvanced):
                views.append(message.view)
                leave.set()

        RunReader(run, EMPTY).follow(post, leave)
        assert (views[0].live, views[0].is_here) == (True, is_here)
        assert views[0].live_pid == (holder.pid if holder else 42)
        os.close(lock)
        if holder:
            holder.communicate(b"\n")


def test_a_damaged_config_is_named_as_long_as_the_screen_is_up():
    damage = "config.json cannot be read: line 3"
    for state in ("running", "lost"):
        assert notice(state, damage=damage).endswith(f"{damage}: the rest is shown")


REFUSED = CommandRefused(time=NOW, step=540, command_id="x", why="nothing to undo")


@pytest.mark.parametrize("ahead", [0, 9_000, -9_000])
def test_a_refusal_is_shown_for_ten_seconds_of_any_clock(ahead):
    def line(seconds: float, *later) -> str:
        events = [REFUSED, *later]
        ours = [dataclasses.replace(event, time=event.time + ahead) for event in events]
        heard = later[-1].time if later else NOW
        return notice("running", *ours, now=NOW + seconds, heard_at=heard)

    assert line(0) == line(9) == "nothing to undo"
    assert line(11) == ""
    assert line(9, losses(541, time=NOW + 8)) == "nothing to undo"
    assert line(11, losses(541, time=NOW + 10.9)) == ""


def test_a_refusal_is_shown_though_another_command_was_obeyed():
    changed = SettingChanged(time=NOW, step=541, name="beta", old=1.0, new=2.0, command_id="y")
    assert notice("running", REFUSED, changed, now=NOW) == "nothing to undo"


def test_a_refusal_stands_beside_what_to_do_next():
    line = notice("paused", Paused(time=NOW, step=540), REFUSED)
    assert line == "nothing to undo · paused · p resumes"


def test_a_screen_hears_a_trainer_whose_clock_is_wrong():
    view = advance(EMPTY, [dataclasses.replace(STARTED, time=NOW - 9_000)])
    live = dataclasses.replace(view, live=True, live_pid=STARTED.pid, heard_at=NOW - 5)
    assert (live.state(NOW), live.silent(NOW)) == ("running", 5)
    assert live.state(NOW + 30) == "stalled"
    ahead = dataclasses.replace(live, last_time=NOW + 9_000)
    assert (ahead.state(NOW), ahead.silent(NOW)) == ("running", 5)


def test_a_trainer_that_never_begins_is_starting_and_then_stalled():
    view = dataclasses.replace(EMPTY, live=True)
    assert view.state(NOW) == "starting"
    since = dataclasses.replace(view, live_since=NOW, live_pid=7)
    assert (since.state(NOW + 59), since.state(NOW + 61)) == ("starting", "stalled")
    assert parts_of(since, "stalled", NOW + 61)[0].endswith("alive but silent for 1 m 01 s")


@pytest.mark.parametrize(
    ("state", "control", "keys"),
    [
        ("starting", True, {}),
        ("running", True, {"app.pause": "Pause", "app.settings": "Settings"}),
        ("paused", True, {"app.pause": "Resume", "app.settings": "Settings"}),
        ("stopped", True, {"app.pause": "Resume", "app.settings": "Settings"}),
        ("finished", True, {"app.pause": "Train more", "app.settings": "Settings"}),
        ("running", False, {}),
    ],
)
def test_only_the_keys_that_steer_here_and_now_are_offered(state, control, keys):
    assert steering_labels(state, has_control=control, can_undo=False) == keys


def test_undo_is_offered_when_there_is_something_to_undo():
    assert "app.undo" in steering_labels("running", has_control=True, can_undo=True)


def test_a_folder_that_is_read_only_is_said_whatever_the_state():
    for state in ("running", "paused", "stalled"):
        assert "read-only now" in notice(state, read_only=True)
    assert "read-only" not in notice("stalled")


def test_a_trainer_on_another_machine_is_named_in_the_top_line_and_when_it_is_silent():
    begun = advance(EMPTY, [dataclasses.replace(STARTED, world_size=2)])
    view = dataclasses.replace(begun, live=True, live_pid=STARTED.pid, live_host="node7")
    options = {"link": "", "link_is_slow": False, "unicode": True}
    parts = [part.plain for part in status_of(view, NOW, "", **options)]
    assert any("2 x cpu bf16 on node7" in part for part in parts), parts
    line = " · ".join(parts_of(view, "stalled", NOW + 90))
    assert line.startswith("the trainer on node7 is alive but silent for ")
