"""The lock of a run: taken, kept, lost, and found by others."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest
from support.tiny_runs import TINY

from vae_tui.errors import UsageError
from vae_tui.run.events import RunEnded, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.lock.run_lock import LockLost, RunLock, update
from vae_tui.run.runs_folder import create, find
from vae_tui.run.summary import summarise


@contextlib.contextmanager
def held(run: Run, token: str = "mine") -> Iterator[RunLock]:
    """Hold the run as a trainer in this process does."""
    lock = run.hold_lock(run.take_lock(token), token)
    try:
        yield lock
    finally:
        lock.release()
        lock.close()


@pytest.fixture
def run(tmp_path) -> Run:
    return create(tmp_path, "run", TINY)


def test_a_lock_file_that_is_removed_frees_nothing_and_is_created_again(run):
    with held(run) as lock:
        run.lock.unlink()
        assert run.is_live()
        with pytest.raises(UsageError, match=r"^run is live"):
            run.take_lock()
        lock.beat()
        assert run.pid() == os.getpid()
        lock.check()
    assert not run.is_live()


def test_a_lock_file_that_is_replaced_by_an_empty_one_frees_nothing(run):
    with held(run) as lock:
        run.lock.rename(run.path / "old")
        run.lock.touch()
        with pytest.raises(UsageError, match=r"^run is live"):
            run.take_lock()
        lock.beat()
        assert run.pid() == os.getpid()


TRAINER = """
import os, sys
from pathlib import Path
from vae_tui.run.folder import Run
run = Run(Path(sys.argv[1]))
lock = run.hold_lock(run.take_lock("a"), "a", os.getppid())
print("trains", flush=True)
os._exit(1)
"""
AGENT = """
import subprocess, sys
for _ in sys.stdin:
    subprocess.run([sys.executable, "-c", sys.argv[1], sys.argv[2]])
    print("failed", flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for the agent there")
def test_torchrun_that_starts_a_failed_trainer_again_keeps_the_run_from_others(run):
    words = [sys.executable, "-c", AGENT, TRAINER, str(run.path), "torchrun"]
    with subprocess.Popen(words, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as agent:
        assert agent.stdin and agent.stdout
        for _ in range(2):
            agent.stdin.write("start\n")
            assert [agent.stdout.readline() for _ in range(2)] == ["trains\n", "failed\n"]
            assert run.is_live()
            with pytest.raises(UsageError, match=r"^run is live"):
                run.take_lock()
        agent.stdin.close()
        agent.wait()
    assert not run.is_live()
    os.close(run.take_lock())


def test_a_trainer_whose_lock_was_taken_over_must_not_write(run):
    with held(run) as lock:
        descriptor = os.open(run.lock, os.O_RDWR)
        update(descriptor, "mine", token="theirs", pid=7, host="other")
        os.close(descriptor)
        lock.beat()
        with pytest.raises(LockLost, match=r"another trainer \(pid 7 on other\)"):
            lock.check()


def test_a_lock_taken_with_another_token_is_not_held(run):
    descriptor = run.take_lock("theirs")
    with pytest.raises(UsageError, match=r"^run is live"):
        run.hold_lock(descriptor, "mine")
    os.close(descriptor)


@contextlib.contextmanager
def another_user() -> Iterator[None]:
    """Be a user without rights to root's files; without root, files of mode 0 are out of reach."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_lock_that_may_not_be_read_is_never_taken_for_a_dead_trainers():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        run = create(Path(folder), "run", TINY)
        run.path.chmod(0o777)
        (run.path / "config.json").chmod(0o644)
        with held(run):
            run.lock.chmod(0)
            with another_user():
                assert run.is_live()
                assert run.pid() is None
                assert summarise(run).state in ("running", "stalled")
                with pytest.raises(UsageError, match=r"may be live: .*lock may not be read"):
                    run.take_lock()
        run.lock.chmod(0)
        append(run.events, encode(RunEnded(time=1.0, step=3, reason="finished")))
        run.events.chmod(0o644)
        with another_user():
            assert not run.is_live()
            assert summarise(run).state == "finished"
        run.path.chmod(0)
        with another_user(), pytest.raises(UsageError, match=r"run.* may not be read by this user"):
            find(Path(folder), "run")
        run.path.chmod(0o700)
