"""Whether a trainer on another machine, whose locks do not reach this one, is alive."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from support.logs import losses, run_with, started

from vae_tui.errors import UsageError
from vae_tui.run.folder import Run
from vae_tui.run.lock.holder import LOST_SECONDS, trains
from vae_tui.run.lock.run_lock import LockLost, update
from vae_tui.run.summary import summarise


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Run:
    """Give a run that is trained on another machine, over a file system with no locks."""
    monkeypatch.setenv("VAE_TUI_TEST_FLOCK", "none")
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "node7")
    run = run_with(tmp_path, started(at=time.time()), losses(3, at=time.time()))
    os.close(run.take_lock("theirs"))
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "login")
    return run


def moved_with_its_times(folder: Path, target: Path) -> None:
    """Move a folder to another file system, as ``mv`` does."""
    shutil.copytree(folder, target)
    shutil.rmtree(folder)


def heartbeat(run: Run, seconds_ago: float) -> None:
    """Let the newest heartbeat be so long ago by the file system's clock."""
    then = time.time() - seconds_ago
    os.utime(run.lock, (then, then))


def test_a_run_whose_heartbeat_is_fresh_is_live_and_refused_with_its_host_and_pid(elsewhere):
    assert summarise(elsewhere).state == "running"
    with pytest.raises(UsageError, match=rf"is live on node7 \(pid {os.getpid()}\)"):
        elsewhere.take_lock()


@pytest.mark.parametrize("error", [-3_600.0, -600.0, 600.0, 3_600.0])
def test_this_machines_clock_does_not_matter(elsewhere, monkeypatch, error):
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + error)
    assert elsewhere.is_live()


def test_a_run_is_lost_when_its_heartbeat_has_been_missing_for_a_minute(elsewhere):
    heartbeat(elsewhere, LOST_SECONDS - 5)
    assert elsewhere.is_live()
    heartbeat(elsewhere, LOST_SECONDS + 5)
    assert summarise(elsewhere).state == "lost"
    os.close(elsewhere.take_lock())


def test_a_silent_trainer_elsewhere_is_stalled_and_its_host_is_named(elsewhere):
    for path in (elsewhere.events, elsewhere.lock):
        os.utime(path, (time.time() - 50, time.time() - 50))
    row = summarise(elsewhere, lambda: time.time() + 3_600)
    assert row.state == "stalled"
    assert "on node7, is silent" in row.next


def test_a_trainer_that_has_ended_is_gone_at_once(elsewhere):
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    update(descriptor, "theirs", released=True)
    os.close(descriptor)
    assert not elsewhere.is_live()


def test_a_copy_of_a_run_is_not_live_although_its_lock_file_is_new(elsewhere):
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    update(descriptor, "theirs", beat=time.time() - 3_600)
    os.close(descriptor)
    assert not elsewhere.is_live()


@pytest.mark.parametrize("move", [Path.rename, moved_with_its_times])
def test_a_run_that_is_moved_while_it_is_live_is_refused_until_a_minute_has_passed(
    elsewhere, tmp_path, move
):
    move(elsewhere.path, tmp_path / "moved")
    here = Run(tmp_path / "moved")
    with pytest.raises(UsageError, match=rf"^moved is live on node7 \(pid {os.getpid()}\)"):
        here.take_lock()
    heartbeat(here, LOST_SECONDS + 5)
    os.close(here.take_lock())


def test_a_heartbeat_from_the_future_is_not_one_of_a_live_trainer(elsewhere):
    """The folder came, with its times, from a file system whose clock was an hour fast."""
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    update(descriptor, "theirs", beat=time.time() + 3_598)
    os.close(descriptor)
    heartbeat(elsewhere, -3_600)
    assert not elsewhere.is_live()


def test_a_lock_that_was_taken_since_is_not_changed_by_the_process_that_had_it(elsewhere):
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    update(descriptor, "an older one", released=True)
    os.close(descriptor)
    assert elsewhere.is_live()


def test_a_trainer_that_was_frozen_looks_who_has_the_lock_before_it_writes(elsewhere, monkeypatch):
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)  # frozen: no heartbeats
    theirs = elsewhere.hold_lock(descriptor, "theirs")
    os.close(elsewhere.take_lock("mine", force=True))
    right = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: right() + 60)
    with pytest.raises(LockLost, match="another trainer"):
        theirs.check()
    theirs.close()


def test_a_trainer_whose_run_is_taken_by_force_finds_out_before_it_writes(elsewhere, monkeypatch):
    descriptor = os.open(elsewhere.lock, os.O_RDWR)
    theirs = elsewhere.hold_lock(descriptor, "theirs")
    try:
        theirs.check()
        os.close(elsewhere.take_lock("mine", force=True))
        theirs.beat()
        with pytest.raises(LockLost, match=rf"another trainer \(pid {os.getpid()} on login\)"):
            theirs.check()
    finally:
        theirs.release()
        theirs.close()
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "third")
    assert elsewhere.is_live(), "the end of the one does not free the lock of the other"


@pytest.fixture
def starting(tmp_path) -> Path:
    """Give the processes of a machine: 7, which has no command line yet, is started in "run"."""
    process = tmp_path / "processes" / "7"
    process.mkdir(parents=True)
    (process / "cmdline").touch()
    (process / "exe").symlink_to("/usr/bin/python3")
    return process


def test_a_trainer_that_is_just_started_is_waited_for(tmp_path, starting):
    line = f"python3\0-m\0vae_tui.worker\0{tmp_path / 'run'}\0"
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (starting / "cmdline").write_text(line)

    assert trains(7, tmp_path / "run", processes=starting.parent, sleep=sleep)
    assert not trains(7, tmp_path / "other", processes=starting.parent, sleep=sleep)
    assert len(waits) == 3


def test_a_process_without_a_command_line_is_no_trainer(tmp_path, starting):
    waits: list[float] = []
    assert not trains(7, tmp_path / "run", processes=starting.parent, sleep=waits.append)
    assert 0.1 < sum(waits) < 0.5
    (starting / "exe").unlink()  # it has ended and was not waited for, or is the kernel's own
    assert not trains(7, tmp_path / "run", processes=starting.parent, sleep=waits.append)
    assert sum(waits) < 0.5
