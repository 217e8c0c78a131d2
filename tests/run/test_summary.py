import dataclasses
import math
import os
import time

import pytest
from support.logs import NOW, epoch_ended, live, losses, run_with, started
from support.tiny_runs import TINY

from vae_tui.run.events import Paused, Resumed, RunEnded, SettingChanged, WeightsSaved, encode
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.state import ADVICE, STALLED_SECONDS, START_SECONDS, silence, state_of
from vae_tui.run.summary import summarise, summarise_all


def state(run: Run, now: float = NOW, since: float | None = NOW - 1_000) -> str:
    """Return the state of the run, live since ``since``."""
    if since is None:
        return summarise(run, lambda: now).state
    lock = live(run, since)
    found = summarise(run, lambda: now)
    os.close(lock)
    assert found.pid == 42
    return found.state


def test_a_row_says_how_far_the_run_is_and_how_good(tmp_path):
    run = run_with(
        tmp_path, started(), epoch_ended(0, 500.0), epoch_ended(1, 120.5), losses(8), epochs=5
    )
    row = summarise(run, lambda: NOW)
    assert (row.name, row.path, row.dataset) == (run.name, str(run.path), "digits")
    assert (row.epoch, row.epochs, row.step) == (pytest.approx(8 / 6), 3, 8)
    assert row.test_loss == 122.5
    assert row.pid is None


def test_an_auto_encoders_test_loss_has_no_kl_in_it(tmp_path):
    assert summarise(run_with(tmp_path, epoch_ended(1, 120.5), model="ae")).test_loss == 120.5


def test_a_run_that_has_said_nothing_is_lost_and_its_numbers_are_those_of_the_config(tmp_path):
    run = create(tmp_path, "run", TINY)
    row = summarise(run)
    assert (row.state, row.epoch, row.epochs, row.step) == ("lost", 0.0, 3, 0)
    assert math.isnan(row.test_loss)
    assert state(run, now=time.time(), since=time.time()) == "running"


@pytest.mark.parametrize("reason", ["finished", "stopped", "failed"])
def test_a_run_that_ended_is_as_its_trainer_said(tmp_path, reason):
    run = run_with(tmp_path, started(), losses(3), RunEnded(time=NOW, step=3, reason=reason))
    assert state(run, since=None) == reason


def test_a_run_whose_trainer_is_gone_without_a_word_is_lost(tmp_path):
    assert state(run_with(tmp_path, started(), losses(3)), since=None) == "lost"
    paused = run_with(tmp_path, started(), Paused(time=NOW, step=0))
    assert state(paused, since=None) == "lost"


def test_a_reason_that_no_trainer_gives_is_not_shown_as_a_state(tmp_path):
    run = run_with(tmp_path, started(), RunEnded(time=NOW, step=3, reason="\x1b[2Jexploded"))
    assert state(run, since=None) == "lost"


def test_a_live_run_is_running_until_it_has_been_silent_for_long(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    assert state(run, NOW + STALLED_SECONDS - 1) == "running"
    assert state(run, NOW + STALLED_SECONDS + 1) == "stalled"


def test_a_paused_run_is_paused_however_long(tmp_path):
    run = run_with(tmp_path, started(), losses(3), Paused(time=NOW, step=3))
    assert state(run, NOW + 1e6) == "paused"


def test_what_is_saved_or_set_in_a_pause_does_not_end_it(tmp_path):
    change = SettingChanged(time=NOW, step=3, name="beta", old=1, new=2, command_id="x")
    saved = WeightsSaved(time=NOW, step=3, path="weights.safetensors")
    run = run_with(tmp_path, started(), losses(3), Paused(time=NOW, step=3), change, saved)
    assert state(run) == "paused"


def test_a_run_that_goes_on_after_a_long_pause_is_not_stalled(tmp_path):
    run = run_with(
        tmp_path,
        started(at=NOW - 500),
        losses(3, at=NOW - 400),
        Paused(time=NOW - 400, step=3),
        Resumed(time=NOW, step=3),
    )
    assert state(run) == "running"


def test_a_trainer_that_has_just_begun_is_not_judged_by_the_words_of_an_earlier_one(tmp_path):
    old = [started(at=NOW - 900), losses(3, at=NOW - 900)]
    for last in (
        RunEnded(time=NOW - 900, step=3, reason="stopped"),
        Paused(time=NOW - 900, step=3),
        losses(4, at=NOW - 900),
    ):
        assert state(run_with(tmp_path, *old, last), since=NOW - 1) == "running"


def test_after_a_resume_what_was_said_of_later_steps_is_void(tmp_path):
    run = run_with(
        tmp_path,
        started(),
        epoch_ended(0, 500),
        epoch_ended(1, 200),
        epoch_ended(2, 100),
        losses(14),
        started(step=9),
    )
    row = summarise(run)
    assert (row.step, row.epoch, row.test_loss) == (9, 1.5, 202)
    assert row.state == "lost"


def test_changed_epochs_are_counted_with(tmp_path):
    changes = [
        SettingChanged(time=NOW, step=0, name="epochs", old=3, new=new, command_id="")
        for new in (7.0, math.nan)
    ]
    assert summarise(run_with(tmp_path, started(), *changes)).epochs == 7


def test_lines_that_are_no_events_are_passed_over(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    with run.events.open("ab") as file:
        file.write(b'garbage\n\xff\n{"event":"losses_measured"}\n[[[\n{"event":"moon_risen"}\n')
        file.write(encode(RunEnded(time=NOW, step=3, reason="stopped")))
        file.write(b'{"event":"run_st')
    assert summarise(run).state == "stopped"


def test_an_event_log_that_is_a_folder_leaves_what_the_config_says(tmp_path):
    run = create(tmp_path, "run", TINY)
    run.events.mkdir()
    assert summarise(run).epochs == 3


def test_runs_whose_config_cannot_be_read_are_named_beside_the_others(tmp_path):
    good, bad = create(tmp_path, "good", TINY), create(tmp_path, "bad", TINY)
    (bad.path / "config.json").write_text("{")
    found, wrong = summarise_all([bad, good])
    assert [(row.name, row.state) for row in found] == [("bad", "lost"), ("good", "lost")]
    assert len(wrong) == 1 and "bad/config.json" in wrong[0]


@pytest.mark.parametrize(
    ("changes", "objective", "loss"),
    [
        ({}, "bce+kl", 122.5),
        ({"model": "ae"}, "bce", 120.5),
        ({"reconstruction": "mse"}, "se/2+kl", 122.5),
        ({"reconstruction": "mse", "model": "ae"}, "se/2", 120.5),
    ],
)
def test_a_test_loss_says_what_it_adds_up_to(tmp_path, changes, objective, loss):
    row = summarise(run_with(tmp_path, epoch_ended(1, 120.5), **changes))
    assert (row.objective, row.test_loss) == (objective, loss)


def test_a_trainer_that_hangs_before_its_first_word_is_stalled_after_a_while(tmp_path):
    run = create(tmp_path, "run", TINY)
    assert state(run, now=NOW + START_SECONDS - 1, since=NOW) == "running"
    assert state(run, now=NOW + START_SECONDS + 1, since=NOW) == "stalled"
    again = run_with(tmp_path, started(), Paused(time=NOW, step=3))
    assert state(again, now=NOW + 500, since=NOW + 400) == "stalled"


def test_a_stalled_run_says_for_how_long(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    lock = live(run)
    assert summarise(run, lambda: NOW + 100).silent_seconds == 100
    os.close(lock)
    assert summarise(run, lambda: NOW + 100).silent_seconds == 0


def test_clocks_that_differ_make_no_silence_negative_and_none_of_a_trainer_that_writes(tmp_path):
    assert silence(NOW, NOW + 500, math.nan, -math.inf) == 0
    assert silence(NOW, NOW + 500, NOW - 3) == 3
    assert silence(NOW, NOW + 0.01, NOW - 1_000) == 0
    run = run_with(tmp_path, started(), losses(3))
    lock = live(run, since=NOW + 9_000)
    os.utime(run.events, (NOW, NOW))
    for trainers_clock in (-5_000, 0, 5_000):
        run.events.write_bytes(b"")
        with run.events.open("ab") as file:
            file.write(encode(started(at=NOW + trainers_clock)))
        os.utime(run.events, (NOW, NOW))
        row = summarise(run, lambda: NOW + 1)
        assert (row.state, 0 <= row.silent_seconds <= 1) == ("running", True)
    os.close(lock)


@pytest.mark.parametrize("error", [-3_600.0, 40.0, 3_600.0])
def test_a_machine_with_a_wrong_clock_judges_silence_by_the_file_systems(
    tmp_path, monkeypatch, error
):
    run = run_with(tmp_path, started(at=time.time()), losses(3, at=time.time()))
    lock = live(run, since=time.time() - 1_000)
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + error)
    assert summarise(run, time.time).state == "running"
    earlier = right() - 100
    run.events.write_bytes(encode(started(at=earlier)) + encode(losses(3, at=earlier)))
    os.utime(run.events, (earlier, earlier))
    row = summarise(run, time.time)
    assert row.state == "stalled"
    # The file system's clock ticks every few milliseconds: it is that much behind this machine's.
    assert 99.9 < row.silent_seconds < 200
    os.close(lock)


def test_the_live_trainer_is_known_by_its_pid_whatever_the_clocks_say(tmp_path):
    said = dataclasses.replace(started(), pid=42)
    run = run_with(tmp_path, said, Paused(time=NOW, step=3))
    assert state(run, now=NOW + 100, since=NOW + 90) == "paused"


def test_a_pid_without_a_lock_is_no_live_run(tmp_path):
    """The folder was copied from a machine on which process 1 trained; here there is one too."""
    run = run_with(tmp_path, started(), losses(3))
    run.lock.write_text(f"{os.getpid()}\n")
    row = summarise(run, lambda: NOW)
    assert (row.state, row.pid) == ("lost", None)


def test_there_is_advice_for_every_state():
    ended = [
        RunEnded(time=0, step=0, reason=reason)
        for reason in ("finished", "stopped", "preempted", "failed")
    ]
    states = {
        state_of(live, end, paused=paused, silent=silent)
        for live in (True, False)
        for end in (*ended, None)
        for paused in (True, False)
        for silent in (0.0, 1e9, math.nan)
    }
    assert states == set(ADVICE)
    assert all("{name}" in advice and "vae-tui " in advice for advice in ADVICE.values())


def test_a_long_log_is_summed_up_without_reading_all_its_losses(tmp_path):
    """Of 100,000 losses in a row only the last counts: the broken ones before are not looked at."""
    run = run_with(tmp_path, started())
    broken = b'{"event":"losses_measured","step":"?"}\n'
    run.events.write_bytes(run.events.read_bytes() + broken * 100_000 + encode(losses(17)))
    assert summarise(run).step == 17


def test_the_clock_is_read_after_the_log_so_that_its_newest_event_is_past(tmp_path):
    run = run_with(tmp_path, started(), losses(1))
    lock = live(run, NOW - 1_000)

    def late() -> float:
        run.events.unlink()  # has been read before
        return NOW + 1

    found = summarise(run, late)
    os.close(lock)
    assert (found.step, found.state) == (1, "running")
