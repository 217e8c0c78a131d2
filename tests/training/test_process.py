"""The trainer's real process, on tiny runs of the shipped digits."""

import contextlib
import fcntl
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.processes import PATIENCE_SECONDS, process
from support.real_runs import (
    DIGITS,
    ENDLESS,
    assert_stopped_with_all_saved,
    logged_events,
    newest_step,
    none_left,
    running,
    uninterrupted,
    wait_until,
)
from support.tiny_runs import CPU, losses_of, only, tiny_config

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model.step_plan import AUTOGRAD, StepPlan, choose_plan
from vae_tui.run import control
from vae_tui.run.commands import Command
from vae_tui.run.events import EpochEnded, Resumed, RunEnded, RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.process import failure_in_words, plan_for

needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits another process's files, as Linux can"
)


def blocked_signals(pid: int) -> set[int]:
    """Return the signals that a process blocks, as the kernel reports them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (mask,) = [int(line.split()[1], 16) for line in lines if line.startswith("SigBlk:")]
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def test_a_signal_sent_while_the_trainer_imports_torch_stops_the_run_with_everything_saved(
    tmp_path,
):
    with running(tmp_path, ENDLESS) as run:
        pid = run.pid()
        assert pid is not None
        assert set(control.TRAINER_SIGNALS) <= blocked_signals(pid)
        os.kill(pid, signal.SIGUSR1)
        assert_stopped_with_all_saved(run, "preempted")


def let_files_grow_to(size: int, pid: int) -> None:
    """Let a process meet a full disk in every file of more than ``size`` bytes."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@needs_prlimit
def test_a_full_disk_pauses_the_run_until_there_is_room_or_a_signal_to_stop(tmp_path):
    with running(tmp_path, ENDLESS) as run:
        pid = run.pid()
        assert pid is not None
        tests = wait_until(lambda: only(EpochEnded, logged_events(run)))
        let_files_grow_to(run.events.stat().st_size, pid)
        wait_until(lambda: "the disk is full" in run.log.read_text())
        assert run.is_live()
        let_files_grow_to(resource.RLIM_INFINITY, pid)
        wait_until(lambda: only(Resumed, logged_events(run)))
        tests = wait_until(lambda: only(EpochEnded, logged_events(run))[len(tests) + 2 :])
        reports = run.log.read_text().count("the disk is full")
        let_files_grow_to(run.events.stat().st_size, pid)
        wait_until(lambda: run.log.read_text().count("the disk is full") > reports)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not run.is_live())
    epoch = tests[-1].epoch
    losses = losses_of(logged_events(run))[: epoch + 1]
    assert losses == uninterrupted(tiny_config(epochs=epoch, batch_size=256))[0]


def test_two_processes_train_a_run_through_torchrun_and_save_and_end_when_it_is_killed(tmp_path):
    config = tiny_config(epochs=1_000_000, batch_size=256, nproc=2)
    with running(tmp_path, config) as run:
        tests = wait_until(lambda: is_locked(run) and only(EpochEnded, logged_events(run))[2:])
        began = logged_events(run)[0]
        assert isinstance(began, RunStarted)
        try:
            with pytest.raises(UsageError, match=rf"is live on .* \(pid {began.pid}\)"):
                control.start(run, config)
            trainer = process(began.pid)
            assert trainer is not None
            os.kill(trainer.parent, signal.SIGKILL)
            wait_until(lambda: has_ended_or_is_locked(run))
            assert_stopped_with_all_saved(run, "preempted")
            wait_until(lambda: process(began.pid) is None)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(began.pid, signal.SIGKILL)
    assert began.world_size == 2
    alone, _ = uninterrupted(tiny_config(epochs=2, batch_size=256))
    assert tests[0].test_bce == pytest.approx(alone[2]["test_bce"], rel=1e-4)
    assert tests[0].train_kl == pytest.approx(alone[2]["train_kl"], rel=1e-3)


def has_ended_or_is_locked(run: Run) -> bool:
    """Return whether the run has ended; assert that its lock was held for as long as it had not."""
    with run.lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_free = False
        else:
            is_free = True
    has_ended = bool(only(RunEnded, logged_events(run)))
    assert has_ended or not is_free
    return has_ended


def is_locked(run: Run) -> bool:
    """Assert that a process has locked the run's lock file, as the kernel sees it."""
    with run.lock.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def test_torchrun_by_hand_holds_the_lock_when_its_file_is_removed_and_its_folder_renamed(tmp_path):
    run = create(tmp_path, "run", ENDLESS)
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node=1")
    command = [sys.executable, "-m", *torchrun, "-m", "vae_tui.worker", run.path]
    run.events.touch()
    run.send(Command(command="stop"))  # to an earlier trainer
    with run.log.open("wb") as log, none_left(run):
        agent = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(lambda: only(EpochEnded, logged_events(run)))
        began = logged_events(run)[0]
        assert isinstance(began, RunStarted)
        first = run.lock.stat().st_ino
        run.lock.unlink()
        assert run.is_live()
        with pytest.raises(UsageError, match=r"^run is live"):
            control.start(run, ENDLESS)
        wait_until(lambda: run.pid() == began.pid)
        assert run.lock.stat().st_ino != first
        assert is_locked(run)
        renamed = Run(run.path.rename(tmp_path / "renamed"))
        step = newest_step(renamed)
        wait_until(lambda: newest_step(renamed) > step)
        assert renamed.trains_here(began.pid)
        with pytest.raises(UsageError, match=rf"^renamed is live on .* \(pid {began.pid}\)"):
            control.start(renamed, ENDLESS)
        os.kill(began.pid, signal.SIGTERM)
        assert_stopped_with_all_saved(renamed, "preempted")
        assert agent.wait(PATIENCE_SECONDS) == 0
    assert len(only(RunStarted, logged_events(renamed))) == 1
    assert not run.path.exists()


@pytest.mark.parametrize("exported", [True, False])
def test_a_trainer_has_the_users_blas_threads_and_not_the_screens(exported):
    program = (
        "import os; os.environ.setdefault('OPENBLAS_NUM_THREADS', '1');"
        "from vae_tui.run import control; from vae_tui.run.config import RunConfig;"
        "config = RunConfig(dataset='digits', data_dir='/nowhere', epochs=1);"
        "print(control.environment(config).get('OPENBLAS_NUM_THREADS'))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("OPENBLAS_NUM_THREADS", None)
    environment |= {"OPENBLAS_NUM_THREADS": "3"} if exported else {}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ("3" if exported else "None")


def test_a_start_in_a_folder_that_cannot_be_written_is_said_in_words(tmp_path):
    run = create(tmp_path, "run", DIGITS)
    run.log.mkdir()
    with pytest.raises(VaeTuiError, match=r"^no trainer can be started in .*/run: .*log Is a dir"):
        control.start(run, DIGITS)
    assert not run.is_live()


@pytest.mark.parametrize(
    ("message", "line"), [("a\nb", "ValueError: a"), ("", "ValueError: "), ("\n", "ValueError: ")]
)
def test_every_error_is_one_line_for_a_user_even_a_blank_one(message, line):
    assert failure_in_words(ValueError(message)) == line


@pytest.mark.parametrize(
    ("first_line", "expected"),
    [
        (b'"device":"cpu","precision":"{other}"', "other"),
        (b'"device":"cpu","precision":"{other}","gradient":"sideways"', "other"),
        (b'"device":"cuda:0","precision":"{other}"', "own"),
        (b'"device":"cpu","precision":"fp7"', "own"),
        (b'"device":7', "own"),
        (b"", "own"),
    ],
)
def test_a_resumed_run_keeps_the_precision_that_auto_meant_when_it_began(
    tmp_path, first_line, expected
):
    own = choose_plan("auto", CPU)
    other = StepPlan({"fp32": "bf16", "bf16": "fp32"}[own.precision])
    config = tiny_config(precision="auto")
    run = create(tmp_path, "run", config)
    assert plan_for(run, config, CPU) == own
    began(run, first_line.replace(b"{other}", other.precision.encode()))
    assert plan_for(run, config, CPU) == {"own": own, "other": other}[expected]
    assert plan_for(run, tiny_config(precision=own.precision), CPU) == own


def test_a_resumed_run_keeps_the_gradient_that_it_began_with(tmp_path):
    config = tiny_config()
    run = create(tmp_path, "run", config)
    began(run, b'"device":"cpu","precision":"fp32","gradient":"autograd"')
    assert plan_for(run, config, CPU) == StepPlan("fp32", AUTOGRAD)


def test_a_run_of_an_older_version_on_a_gpu_is_resumed_by_autograd(tmp_path):
    config = tiny_config(precision="auto")
    run = create(tmp_path, "run", config)
    began(run, b'"device":"mps","precision":"fp32"')
    assert plan_for(run, config, torch.device("mps")) == StepPlan("fp32", AUTOGRAD)


def began(run: Run, fields: bytes) -> None:
    run.events.write_bytes(
        b'{"event":"run_started","time":1.0,"step":0,"images":9,"parameters":9,'
        b'"steps_per_epoch":1,"pid":9,"world_size":1,%s}\n' % fields
    )
