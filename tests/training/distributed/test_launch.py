"""The variables of torchrun and srun, as they set them on machines like these."""

import subprocess
import sys

import pytest

from vae_tui.training.distributed.launch import Launch, first_host, task_counts

TORCHRUN = {
    "RANK": "1",
    "WORLD_SIZE": "2",
    "LOCAL_RANK": "0",
    "LOCAL_WORLD_SIZE": "1",
    "TORCHELASTIC_RESTART_COUNT": "1",
    "TORCHELASTIC_MAX_RESTARTS": "3",
}
SRUN = {
    "SLURM_PROCID": "3",
    "SLURM_NTASKS": "4",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "1",
    "SLURM_NODELIST": "gpu[07-08]",
    "SLURM_TASKS_PER_NODE": "2(x2)",
    "SLURM_JOB_ID": "1234567",
    "SLURM_STEP_ID": "0",
}


def test_without_a_launcher_there_is_one_process():
    assert Launch.from_environment({}) == Launch()


def test_torchrun_on_two_machines_has_one_process_on_each():
    launch = Launch.from_environment(TORCHRUN)
    assert launch == Launch(1, 2, 0, 1, restarts=1, restarts_left=2)
    assert not launch.is_task_of_srun


def test_the_tasks_of_srun_meet_at_the_first_machine_at_the_jobs_own_port():
    launch = Launch.from_environment(SRUN)
    assert launch == Launch(3, 4, 1, 2, master="gpu07:24567")
    assert launch.is_task_of_srun


def test_a_job_step_counts_and_not_its_job_and_the_users_address_is_kept():
    step = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "gpu08", "SLURM_STEP_ID": "5"}
    launch = Launch.from_environment(SRUN | step)
    assert (launch.size, launch.master) == (2, "gpu08:24572")
    named = SRUN | step | {"MASTER_ADDR": "10.0.0.7", "MASTER_PORT": "29400"}
    assert Launch.from_environment(named).master == "10.0.0.7:29400"


def test_the_script_of_a_job_trains_alone_without_srun():
    script = {name: value for name, value in SRUN.items() if name != "SLURM_STEP_ID"}
    assert Launch.from_environment(script | {"SLURM_PROCID": "0"}) == Launch()


def test_torchrun_inside_a_task_of_srun_decides():
    assert Launch.from_environment(SRUN | TORCHRUN).size == 2


def test_a_job_is_known_by_its_id_and_without_one_only_after_a_restart():
    def restarted(name: str, restarts: str) -> str:
        more = {"TORCHELASTIC_RUN_ID": name, "TORCHELASTIC_RESTART_COUNT": restarts}
        return Launch.from_environment(TORCHRUN | more).restarted_job

    assert restarted("big", "0") == "big"
    assert restarted("none", "0") == ""
    assert restarted("none", "1") == "none"
    assert Launch.from_environment(SRUN).restarted_job == ""


def test_the_patience_with_other_processes_can_be_set():
    assert Launch.from_environment({"VAE_TUI_RANK_TIMEOUT": "20"}).timeout == 20.0


@pytest.mark.parametrize(
    ("nodes", "host"),
    [
        ("node1", "node1"),
        ("node1,node2", "node1"),
        ("gpu[007-010,3],login", "gpu007"),
        ("rack[2-3]-gpu[5,7]", "rack2-gpu5"),
        ("", ""),
    ],
)
def test_the_first_of_slurms_list_of_hosts_is_found(nodes, host):
    assert first_host(nodes) == host


@pytest.mark.parametrize(
    ("tasks", "counts"), [("1", [1]), ("2(x3),1", [2, 2, 2, 1]), ("", []), ("?", [])]
)
def test_slurms_counts_of_tasks_are_those_of_each_machine(tasks, counts):
    assert task_counts(tasks) == counts


def test_a_launch_is_read_without_torch():
    program = "import sys, vae_tui.training.distributed.launch; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
