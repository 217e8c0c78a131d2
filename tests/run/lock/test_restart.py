"""torchrun starts a run's first process again on another machine, whose locks do not reach it."""

import os
import re
import time

import pytest
from support.logs import run_with

from vae_tui.errors import UsageError
from vae_tui.run.folder import Run
from vae_tui.run.lock.holder import LOST_SECONDS
from vae_tui.run.lock.restart import LONGEST_WAIT_SECONDS, wait_for_earlier_trainer
from vae_tui.run.lock.run_lock import update


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Run:
    """Give a run that job 7 trains on another machine, over a file system with no locks."""
    monkeypatch.setenv("VAE_TUI_TEST_FLOCK", "none")
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "node7")
    run = run_with(tmp_path)
    theirs = run.take_lock("theirs")
    update(theirs, "theirs", job="job 7")
    os.close(theirs)
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "node8")
    return run


class Clock:
    """Time that passes only in `sleep`, for the process that waits and for the heartbeat."""

    def __init__(self, run: Run, *, beats: bool = False) -> None:
        self.now = 0.0
        self.reports: list[str] = []
        self._lock = run.lock
        self._beats = beats

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        beat = time.time() - (0.0 if self._beats else self.now)
        os.utime(self._lock, (beat, beat))


def wait(run: Run, clock: Clock, job: str = "job 7") -> None:
    wait_for_earlier_trainer(
        run.path, job, clock.reports.append, sleep=clock.sleep, clock=lambda: clock.now
    )


def test_a_restart_waits_until_the_beat_of_its_earlier_trainer_elsewhere_is_stale(elsewhere):
    clock = Clock(elsewhere)
    wait(elsewhere, clock)
    assert clock.now == pytest.approx(LOST_SECONDS, abs=2)
    os.close(elsewhere.take_lock())
    (line,) = clock.reports
    assert re.fullmatch(
        rf"this job trained {elsewhere.name} on node7 \(pid {os.getpid()}\): waiting until the "
        r"heartbeat from there has been missing for 1 m 00 s, at most 2 m 00 s",
        line,
    )


def test_an_earlier_trainer_that_still_beats_is_never_replaced(elsewhere):
    clock = Clock(elsewhere, beats=True)
    wait(elsewhere, clock)
    assert clock.now == pytest.approx(LONGEST_WAIT_SECONDS, abs=2)
    with pytest.raises(UsageError, match="is live on node7"):
        elsewhere.take_lock()


def test_another_jobs_trainer_is_not_waited_for(elsewhere):
    clock = Clock(elsewhere)
    wait(elsewhere, clock, job="job 8")
    assert (clock.now, clock.reports) == (0.0, [])
    with pytest.raises(UsageError, match="is live on node7"):
        elsewhere.take_lock()


def test_an_earlier_trainer_that_has_ended_is_not_waited_for(elsewhere):
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    update(descriptor, "theirs", released=True)
    os.close(descriptor)
    clock = Clock(elsewhere)
    wait(elsewhere, clock)
    assert (clock.now, clock.reports) == (0.0, [])


def test_a_live_trainer_of_the_job_on_this_machine_is_not_waited_for(tmp_path):
    run = run_with(tmp_path)
    lock = run.take_lock("theirs")
    update(lock, "theirs", job="job 7")
    clock = Clock(run)
    wait(run, clock)
    assert (clock.now, clock.reports) == (0.0, [])
    assert run.is_live()
    os.close(lock)


def test_a_run_that_was_never_trained_is_not_waited_for(tmp_path):
    run = run_with(tmp_path)
    wait_for_earlier_trainer(run.path, "job 7", pytest.fail, sleep=pytest.fail)


def test_a_trainers_lock_names_its_job(tmp_path):
    run = run_with(tmp_path)
    lock = run.hold_lock(run.take_lock("mine"), "mine", job="job 7")
    holder = run.holder()
    assert holder and holder.job == "job 7"
    lock.release()
    lock.close()
