"""``vae-tui train --name X --or-resume``: what a requeued job calls."""

import os
import socket
import subprocess

import pytest
from support.explored_runs import called_once
from support.logs import epoch_ended, losses, started
from support.processes import PATIENCE_SECONDS
from support.real_runs import logged_events
from support.shells import Shell
from support.terminal import PROGRAM
from support.tiny_runs import only, tiny_config

from vae_tui.run.events import RunEnded, RunStarted, encode
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create

JOB = ("train", "--name", "job", "--or-resume", "--hidden", "16", "--threads", "1")


@pytest.fixture
def finished(tmp_path) -> Run:
    run = create(tmp_path, "job", tiny_config())
    end = RunEnded(time=1.0, step=18, reason="finished")
    happened = (started(), losses(18), epoch_ended(3, 100.0), end)
    run.events.write_bytes(b"".join(map(encode, happened)))
    return run


def start_task(shell: Shell, number: int, port: int) -> subprocess.Popen[str]:
    """Start one of two tasks as srun does, each on a node of its own."""
    task = {"SLURM_PROCID": str(number), "SLURM_NODEID": str(number), "SLURM_NTASKS": "2"}
    nodes = {"SLURM_NODELIST": "localhost,node2", "SLURM_TASKS_PER_NODE": "1(x2)"}
    return subprocess.Popen(
        [*PROGRAM, *JOB, "--headless", "--epochs", "1"],
        env={**os.environ, **shell.environment, **task, **nodes, "MASTER_PORT": str(port)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_tasks_of_srun_train_one_run_which_one_process_goes_on_with(tmp_path):
    shell = Shell(tmp_path)
    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        tasks = [start_task(shell, number, port) for number in range(2)]
        errors = [task.communicate(timeout=PATIENCE_SECONDS)[1] for task in tasks]
        assert [task.returncode for task in tasks] == [0, 0], errors
        assert shell.answer(*JOB, "--epochs", "2", "--nproc", "1").returncode == 0
        begun = only(RunStarted, logged_events(shell.run))
        assert [(event.step, event.world_size) for event in begun] == [(0, 2), (18, 1)]
        assert only(RunEnded, logged_events(shell.run))[-1].reason == "finished"
    finally:
        shell.end_everything()


def test_what_cannot_change_in_a_run_is_refused_to_a_requeued_job(finished, tmp_path):
    job = ["train", "--name", "job", "--or-resume", "--runs-dir", str(tmp_path)]
    assert called_once([*job, "--hidden", "16"]) == (0, "job has finished all its epochs (3)\n", "")
    code, _, err = called_once([*job, "--hidden", "32"])
    assert (code, err.count("\n")) == (2, 1)
    assert "--hidden 32: job has 16, which cannot change when it is resumed" in err


def test_a_requeued_job_needs_a_name(tmp_path):
    code, _, err = called_once(["train", "--or-resume", "--runs-dir", str(tmp_path)])
    assert (code, err) == (2, "vae-tui: --or-resume needs the run's --name\n")


def test_a_requeued_job_that_asks_for_any_data_set_goes_on_with_the_runs_own(finished, tmp_path):
    job = ["train", "--name", "job", "--or-resume", "--runs-dir", str(tmp_path)]
    answer = called_once([*job, "--dataset", "auto"])
    assert answer == (0, "job has finished all its epochs (3)\n", "")
