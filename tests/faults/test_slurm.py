"""README's job scripts under a real Slurm, which takes the machines away and gives them back."""

import re
import time
from pathlib import Path

import pytest
from support.readme_tables import README
from support.real_runs import ended, logged_events, newest_step, none_left, wait_until
from support.slurm import slurm_cluster
from support.tiny_runs import only

from vae_tui.run.commands import PREEMPTED, Command
from vae_tui.run.events import RunEnded, RunStarted
from vae_tui.run.folder import Run

TINY = "--dataset digits --epochs 1000000 --hidden 16 --latent-dim 4 --device cpu --threads 1"
SEVERAL_NODES = re.compile(r"#SBATCH --nodes.*\n")


def job_script(nodes: int) -> str:
    """Return README's script with a run that is small enough."""
    (script,) = re.findall(r"```sh\n(#!/bin/bash\n#SBATCH.*?)```", README.read_text(), re.DOTALL)
    script, changes = re.subn(r"--dataset mnist --epochs \d+", TINY, script)
    assert changes == 1
    return script if nodes > 1 else SEVERAL_NODES.sub("", script)


@pytest.mark.soak
@pytest.mark.parametrize("nodes", [1, 2])
def test_a_job_of_slurm_is_preempted_requeued_and_goes_on(tmp_path: Path, nodes):
    folder = tmp_path / "slurm"
    folder.mkdir()
    run = Run(tmp_path / "checkpoints" / "big")
    with slurm_cluster(folder) as slurm, none_left(run):
        # The imitated nodes' names have no addresses.
        job = slurm.submit(job_script(nodes), tmp_path, MASTER_ADDR="127.0.0.1")
        for times in range(1, 3):
            wait_until(
                lambda times=times: (
                    run.events.exists() and only(RunStarted, logged_events(run))[times - 1 :]
                )
            )
            began = only(RunStarted, logged_events(run))[-1]
            wait_until(lambda began=began: newest_step(run) > began.step + 50)
            slurm.signal(job, "USR1")
            sent = time.time()
            end = wait_until(lambda times=times: only(RunEnded, logged_events(run))[times - 1 :])[0]
            assert end.reason == PREEMPTED
            assert end.time - sent < 2.0
        wait_until(lambda: only(RunStarted, logged_events(run))[2:])
        run.send(Command(command="stop"))
        assert ended(run).reason == "stopped"
        wait_until(lambda: slurm.state(job) == "COMPLETED")
    starts = only(RunStarted, logged_events(run))
    ends = only(RunEnded, logged_events(run))
    assert [event.step for event in starts] == [0, *(event.step for event in ends[:-1])]
    assert {event.world_size for event in starts} == {nodes}
