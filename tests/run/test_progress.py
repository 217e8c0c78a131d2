"""What is in force after resumes: one fold over the log, for losses, tests and settings."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import NOW, epoch_ended, losses, run_with, started
from support.tiny_runs import TINY

from vae_tui.run.events import (
    Event,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
    TrainingSlowed,
    encode,
)
from vae_tui.run.log.log_progress import LogProgress
from vae_tui.run.progress import MOST_CHANGES, Progress, advance, until

EMPTY = Progress("run", TINY, epochs=TINY.epochs)


def after(*happened: Event) -> Progress:
    progress = EMPTY
    for event in happened:
        progress = advance(progress, event)
    return progress


def changed(step: int, name: str, old: float, new: float) -> SettingChanged:
    return SettingChanged(time=NOW, step=step, name=name, old=old, new=new, command_id="c")


def test_the_step_that_a_run_resumes_from_is_in_force_and_the_next_one_void():
    for step, is_kept in ((12, True), (11, False)):
        progress = after(started(), epoch_ended(2, 50.0), losses(12), started(step=step))
        assert (progress.tested is not None) == is_kept
        assert (progress.measured is not None) == is_kept
        assert (progress.best_test_loss == 52.0) == is_kept
        assert progress.step == step


def test_the_best_and_the_newest_test_are_those_in_force():
    happened = [started(), epoch_ended(0, 90.0), epoch_ended(1, 60.0), epoch_ended(2, 40.0)]
    progress = after(*happened)
    assert progress.best_test_loss == 42.0
    progress = after(*happened, started(step=6))
    assert (progress.best_test_loss, progress.last_test_loss) == (62.0, 62.0)
    progress = after(*happened, started(step=6), epoch_ended(2, 70.0))
    assert (progress.best_test_loss, progress.last_test_loss) == (62.0, 72.0)
    progress = after(*happened, started(step=0))
    assert progress.best_test_loss == 92.0
    assert progress.untrained is not None
    assert progress.untrained.test_bce == 90.0


def test_a_test_that_is_not_finite_is_never_the_best():
    progress = after(epoch_ended(0, math.nan), epoch_ended(1, math.inf))
    assert math.isnan(progress.best_test_loss)
    assert after(epoch_ended(0, math.nan), epoch_ended(1, 50.0)).best_test_loss == 52.0
    assert after(epoch_ended(1, 50.0), epoch_ended(2, -math.inf)).best_test_loss == 52.0


def test_a_setting_changed_after_the_step_of_a_resume_has_its_old_value_again():
    happened = [
        started(), changed(3, "beta", 1.0, 2.0), changed(8, "beta", 2.0, 3.0),
        changed(9, "beta", 3.0, 4.0), changed(9, "lr", TINY.lr, 0.5), losses(10),
    ]  # fmt: skip
    assert (after(*happened).beta, after(*happened).lr) == (4.0, 1.0)  # the losses' own lr
    resumed = after(*happened, started(step=6))
    assert (resumed.beta, resumed.lr) == (2.0, TINY.lr)
    assert [change.step for change in resumed.setting_changes] == [3]


def test_an_undo_is_a_change_back_and_the_newest_change_is_in_force():
    happened = [started(), changed(3, "beta", TINY.beta, 2.0), changed(5, "beta", 2.0, TINY.beta)]
    assert after(*happened).beta == TINY.beta
    assert after(*happened[:2]).beta == 2.0


def test_a_change_of_lr_is_in_force_before_the_next_losses():
    assert after(started(), losses(3), changed(3, "lr", 1.0, 0.25)).lr == 0.25
    later = dataclasses.replace(losses(4), lr=0.125)
    assert after(started(), losses(3), changed(3, "lr", 1.0, 0.25), later).lr == 0.125


def test_epochs_are_those_of_the_newest_start_or_change_that_a_run_can_have():
    start = dataclasses.replace(started(), epochs=7)
    assert after(start).epochs == 7
    assert after(start, changed(3, "epochs", 7, 9)).epochs == 9
    assert after(start, changed(3, "epochs", 7, math.nan)).epochs == 7
    assert after(dataclasses.replace(start, epochs=0)).epochs == TINY.epochs


def test_a_resume_ends_the_end_of_the_run_before():
    ended = RunEnded(time=NOW, step=9, reason="failed", message="out of memory")
    assert after(started(), losses(9), ended).notice == "out of memory"
    resumed = after(started(), losses(9), ended, started(step=6))
    assert (resumed.ended, resumed.notice, resumed.epoch) == (None, "", 1.0)


def test_only_the_newest_changes_are_kept():
    happened = [changed(step, "beta", step, step + 1) for step in range(2 * MOST_CHANGES)]
    kept = after(*happened).setting_changes
    assert [change.step for change in kept] == list(range(MOST_CHANGES, 2 * MOST_CHANGES))


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 99)), max_size=25))
def test_the_fold_agrees_with_the_list_of_tests_in_force(choices):
    """Independent: all tests that no later start voids, looked at together."""
    happened: list[Event] = []
    step = 0
    for is_start, back, loss in choices:
        step = max(step - back, 0) if is_start else step + 1
        happened.append(started(step) if is_start else epoch_at(step, loss))
    left = [
        event
        for n, event in enumerate(happened)
        if not isinstance(event, RunStarted)
        and not any(isinstance(e, RunStarted) and event.step > e.step for e in happened[n:])
    ]
    totals = [event.test_bce + event.test_kl for event in left]
    progress = after(*happened)
    assert progress.last_test_loss == pytest.approx(totals[-1] if totals else math.nan, nan_ok=True)
    assert progress.best_test_loss == pytest.approx(min(totals, default=math.nan), nan_ok=True)


def epoch_at(step: int, loss: float):
    return dataclasses.replace(epoch_ended(1, float(loss)), step=step)


def test_a_hundred_thousand_tests_are_held_and_dropped_without_recursion():
    progress = after(*(epoch_at(step, 1e6 - step) for step in range(100_000)))
    assert until(progress.tests, 10).step == 10
    assert advance(progress, started(step=5)).last_test_loss == 1e6 - 5 + 2


def test_a_slowed_training_is_shown_with_its_step_until_the_next_start():
    slowed = TrainingSlowed(time=NOW, step=1_200, why="training is slowed")
    assert after(started(0), slowed).notice == "at step 1,200 training is slowed"
    assert not after(started(0), slowed, started(1_200)).notice


def test_the_time_of_training_has_no_pauses_and_no_time_without_a_trainer():
    happened = [
        started(at=NOW),
        losses(3, at=NOW + 5),
        Paused(time=NOW + 6, step=3),
        changed(3, "beta", 1.0, 4.0),
        Resumed(time=NOW + 1_000, step=3),
        losses(6, at=NOW + 1_003),
        RunEnded(time=NOW + 1_004, step=6, reason="stopped"),
        started(step=6, at=NOW + 9_000),
        losses(9, at=NOW + 9_001),
        epoch_ended(2, 7.0, at=NOW + 9_002),
        Paused(time=NOW + 9_002, step=12),
        RunEnded(time=NOW + 9_500, step=12, reason="stopped"),
    ]
    assert after(*happened).trained_seconds == 6 + 4 + 2


def test_a_clock_that_is_set_back_takes_no_time_from_the_training():
    tests = [
        epoch_ended(epoch, 9.0, at=NOW + at) for epoch, at in ((1, 60), (2, -3_000), (3, -2_990))
    ]
    assert after(started(at=NOW), *tests).trained_seconds == 70


def test_of_many_test_losses_the_newest_is_among_those_shown():
    progress = after(started(), *(epoch_ended(epoch, float(epoch)) for epoch in range(9)))
    assert progress.test_losses(4) == (4.0, 7.0, 10.0)  # KL is 2 in all
    assert progress.test_losses(9) == tuple(epoch + 2.0 for epoch in range(9))


def test_a_log_that_is_replaced_is_counted_from_its_beginning(tmp_path):
    run = run_with(tmp_path, started(), *(epoch_ended(epoch, 40.0) for epoch in range(9)))
    log = LogProgress(run.events, EMPTY)
    assert log.read().best_test_loss == 42.0
    run.events.write_bytes(b"".join(map(encode, [started(), epoch_ended(1, 90.0)])))
    assert log.read().best_test_loss == 92.0
