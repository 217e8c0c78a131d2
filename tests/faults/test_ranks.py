"""Several processes that train one run: one of them, or what started them, fails."""

import contextlib
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import (
    PATIENCE_SECONDS,
    command_line,
    process,
    processes,
    start_torchrun,
)
from support.real_runs import (
    ENDLESS,
    in_force,
    logged_events,
    metadata,
    newest_step,
    none_left,
    uninterrupted,
    wait_until,
    worker,
)
from support.tiny_runs import losses_of, only, tiny_config

from vae_tui.errors import UsageError
from vae_tui.run.commands import Command
from vae_tui.run.events import Paused, Resumed, RunEnded, RunStarted, SettingChanged
from vae_tui.run.folder import Run
from vae_tui.run.lock.holder import LOST_SECONDS
from vae_tui.run.lock.run_lock import update
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state

needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits another process's files, as Linux can"
)


@contextlib.contextmanager
def agent_of(run: Run, restarts: int, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Train the run in two processes that torchrun starts again ``restarts`` times."""
    options = ("--standalone", "--nproc-per-node=2", f"--max-restarts={restarts}")
    with none_left(run):
        agent = start_torchrun(options, run.path, run.log, **variables)
        try:
            yield agent
        finally:
            agent.kill()
            agent.wait()
            wait_until(lambda: not ranks_of(run))


def ranks_of(run: Run) -> dict[int, int]:
    """Return the process ids of the run's processes by their rank."""
    found = {}
    for each in processes():
        line = command_line(each.pid)
        if f"-m vae_tui.worker {run.path}" in line and "torch.distributed.run" not in line:
            with contextlib.suppress(OSError, IndexError):
                variables = Path(f"/proc/{each.pid}/environ").read_bytes().split(b"\0")
                (rank,) = [int(one[5:]) for one in variables if one.startswith(b"RANK=")]
                found[rank] = each.pid
    return found


def kill_a_rank(run: Run, rank: int, number: int = signal.SIGKILL) -> RunStarted:
    """Wait until the run trains and kill one of its processes; return how it had begun."""
    began = only(RunStarted, logged_events(run))[-1]
    wait_until(lambda: newest_step(run) > began.step + 100)
    os.kill(ranks_of(run)[rank], number)
    return began


def fill_the_disk_of(run: Run, rank: int) -> None:
    """Let one process meet a full disk until training pauses, and then no longer."""
    pid, before = ranks_of(run)[rank], len(only(Resumed, logged_events(run)))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (run.events.stat().st_size, -1))
    wait_until(lambda: "the disk is full" in run.log.read_text())
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, -1))
    wait_until(lambda: len(only(Resumed, logged_events(run))) > before)


def assert_no_other_trainer_gets(run: Run, starts: int) -> None:
    """Assert that the run is live until its processes have been started so many times."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while run.events.read_bytes().count(b'"run_started"') < starts:
        assert time.monotonic() < deadline, "they are not started again"
        with pytest.raises(UsageError, match="is live"):
            os.close(run.take_lock())
        time.sleep(0.002)  # the processes that are started need the cores


@needs_prlimit
def test_two_processes_survive_a_full_disk_keep_the_run_when_either_is_killed_and_end_in_words(
    tmp_path,
):
    run = create(tmp_path, "run", ENDLESS)
    with agent_of(run, restarts=2) as agent:
        wait_until(lambda: only(RunStarted, logged_events(run)))
        run.send(Command(command="set", setting="beta", value=2.0))
        run.send(Command(command="pause"))
        wait_until(lambda: only(Paused, logged_events(run)))
        run.send(Command(command="resume"))
        wait_until(lambda: only(Resumed, logged_events(run)))
        fill_the_disk_of(run, 0)
        wait_until(lambda: newest_step(run) > 10)
        run.send(Command(command="save"))
        saved = wait_until(lambda: load_state(run.trainer_state)["step"])
        for number, rank in enumerate((1, 0), start=1):
            kill_a_rank(run, rank)
            assert_no_other_trainer_gets(run, starts=1 + number)
            again = only(RunStarted, logged_events(run))[number]
            assert (again.restarts, again.world_size) == (number, 2)
            assert saved <= again.step <= max(event.step for event in logged_events(run))
        kill_a_rank(run, 1)
        assert agent.wait(PATIENCE_SECONDS) == 1
    (end,) = only(RunEnded, logged_events(run))
    assert (end.reason, end.message) == (
        "failed",
        "another of the 2 processes has ended or is out of reach; "
        "a resume continues from the last save",
    )
    assert len(only(SettingChanged, logged_events(run))) == 1
    assert "gloo" not in run.log.read_text()
    assert not run.is_live()


@pytest.mark.soak
def test_a_process_that_hangs_is_ended_with_the_others(tmp_path):
    run = create(tmp_path, "run", ENDLESS)
    with agent_of(run, restarts=0, VAE_TUI_RANK_TIMEOUT="10") as agent:
        wait_until(lambda: only(RunStarted, logged_events(run)))
        kill_a_rank(run, 1, signal.SIGSTOP)
        began = time.monotonic()
        assert agent.wait(90) == 1
        seconds = time.monotonic() - began
    assert "did not answer for 10 s" in only(RunEnded, logged_events(run))[-1].message
    print(f"ended {seconds:.0f} s after a process hung, with a timeout of 10 s")  # noqa: T201


def has_trained_an_epoch(run: Run) -> bool:
    """Return whether the newest trainer has trained for more steps than an epoch has."""
    started = only(RunStarted, logged_events(run))[-1]
    return newest_step(run) > started.step + started.steps_per_epoch


@pytest.mark.soak
def test_ten_killed_processes_of_two_lose_nothing(tmp_path):
    run, dice = create(tmp_path, "run", ENDLESS), random.Random(10)
    kills, slowest = 10, 0.0
    with agent_of(run, restarts=kills) as agent:
        for number in range(kills):
            wait_until(
                lambda number=number: len(only(RunStarted, logged_events(run))) == number + 1
            )
            wait_until(lambda: has_trained_an_epoch(run))
            kill_a_rank(run, dice.randrange(2))
            began = time.monotonic()
            wait_until(
                lambda number=number: len(only(RunStarted, logged_events(run))) == number + 2
            )
            slowest = max(slowest, time.monotonic() - began)
        wait_until(lambda: has_trained_an_epoch(run))
        run.send(Command(command="stop"))
        assert agent.wait(PATIENCE_SECONDS) == 0
    last = logged_events(run)[-1]
    assert isinstance(last, RunEnded)
    assert last.reason == "stopped"
    assert metadata(run.weights)["step"] == str(last.step)
    losses = losses_of(in_force(logged_events(run)))
    alone, _ = uninterrupted(tiny_config(epochs=losses[-1]["epoch"], batch_size=256))
    for one, other in zip(alone[1:], losses[1:], strict=True):
        assert other["test_bce"] == pytest.approx(one["test_bce"], rel=1e-3)
    print(f"{kills} kills of one process of two; the slowest restart took {slowest:.1f} s")  # noqa: T201


@pytest.mark.soak
def test_a_killed_rank_0_leaves_a_lost_run_and_no_process(tmp_path):
    run = create(tmp_path, "run", ENDLESS)
    with agent_of(run, restarts=0) as agent:
        wait_until(lambda: only(RunStarted, logged_events(run)))
        kill_a_rank(run, 0)
        assert agent.wait(PATIENCE_SECONDS) == 1
        wait_until(lambda: not ranks_of(run))
    assert summarise(run).state == "lost"
    assert process(agent.pid) is None
    assert "rank 1: another of the 2 processes has ended" in run.log.read_text()


@pytest.fixture
def moved(tmp_path, monkeypatch) -> Iterator[tuple[Run, "subprocess.Popen[str]"]]:
    """Give a run and its first process, which torchrun has just moved to another machine."""
    run = create(tmp_path, "run", tiny_config(epochs=1, batch_size=256))
    monkeypatch.setenv("VAE_TUI_TEST_FLOCK", "none")
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "node1")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "job 7")
    earlier = run.take_lock("theirs")
    update(earlier, "theirs", job="job 7")
    os.close(earlier)
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "node2")
    process = worker(run)
    try:
        assert process.stderr
        assert "this job trained run on node1" in process.stderr.readline()
        yield run, process
    finally:
        process.kill()
        process.communicate()


def test_the_first_process_on_another_machine_trains_when_its_old_heartbeat_is_stale(moved):
    run, process = moved
    assert not run.events.exists()
    then = time.time() - LOST_SECONDS
    os.utime(run.lock, (then, then))
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, "")
    assert only(RunEnded, logged_events(run))[-1].reason == "finished"


def test_the_first_process_on_another_machine_ends_at_a_signal_while_it_waits(moved):
    run, process = moved
    process.terminate()
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (1, "ended by SIGTERM before it trained\n")
    assert not run.events.exists()
