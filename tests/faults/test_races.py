"""Two starters that want one run at the same moment.

``pytest -m soak`` races each pair of starters a hundred times.
"""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.processes import PATIENCE_SECONDS, command_line, processes
from support.real_runs import ENDLESS, logged_events, newest_step, none_left, wait_until
from support.terminal import PROGRAM
from support.tiny_runs import only

from vae_tui.run.events import RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=1")
SETTINGS = (
    *("--epochs", "1000000", "--latent-dim", "4", "--hidden", "16"),
    *("--device", "cpu", "--precision", "fp32", "--threads", "1"),
)
STARTERS: dict[str, Callable[[Run], Sequence[object]]] = {
    "launcher": lambda run: [*PROGRAM, "train", "--headless", "--resume", run.path],
    "resume": lambda run: [*PROGRAM, "resume", run.path],
    "or-resume": lambda run: [
        *(*PROGRAM, "train", "--headless", "--or-resume", *SETTINGS),
        *("--name", run.name, "--runs-dir", run.path.parent),
    ],
    "torchrun": lambda run: [sys.executable, *TORCHRUN, "-m", "vae_tui.worker", run.path],
}
PAIRS = list(itertools.combinations_with_replacement(STARTERS, 2))
CLUSTER = [{"VAE_TUI_TEST_FLOCK": "none", "VAE_TUI_TEST_HOST": host} for host in ("node1", "node2")]
"""Two machines whose locks do not reach each other."""


def trainers(run: Run) -> set[int]:
    """Return the processes that train the run; torchrun's agent starts one and is none."""
    lines = {one.pid: command_line(one.pid) for one in processes()}
    return {
        pid
        for pid, line in lines.items()
        if f"-m vae_tui.worker {run.path}" in line and "torch.distributed.run" not in line
    }


def refusals(run: Run) -> list[str]:
    """Return what trainers wrote that were refused after their launcher had ended."""
    lines = run.log.read_text().splitlines() if run.log.exists() else []
    return [line for line in lines if "is live" in line or "has taken over the run" in line]


def race(run: Run, pair: tuple[str, str], machines: Sequence[dict[str, str]] = ({}, {})) -> str:
    """Let two starters begin at once; assert that one trains; return what both wrote to stderr."""
    before = len(only(RunStarted, logged_events(run)))
    starters = [
        subprocess.Popen(
            [str(word) for word in STARTERS[name](run)],
            env={**os.environ, "OMP_NUM_THREADS": "1", **machine},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, machine in zip(pair, machines, strict=True)
    ]
    with none_left(run):
        begun = wait_until(lambda: only(RunStarted, logged_events(run))[before:])[0]
        wait_until(lambda: trainers(run) == {begun.pid})
        wait_until(lambda: newest_step(run) > begun.step + 100)
        # Else the other one could begin when this trainer has been ended below.
        wait_until(lambda: any(one.poll() not in (None, 0) for one in starters) or refusals(run))
        assert len(only(RunStarted, logged_events(run))) == before + 1
        assert run.pid() == begun.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(begun.pid, signal.SIGTERM)
        said = "".join(one.communicate(timeout=PATIENCE_SECONDS)[1] for one in starters)
        wait_until(lambda: not run.is_live())
    wait_until(lambda: not trainers(run))
    return said


def assert_refused(said: str) -> None:
    """Assert that one starter was refused in one line, with host and pid."""
    lines = [line for line in said.splitlines() if "is live" in line]
    assert len(lines) == 1, said
    assert re.search(rf"is live on {os.uname().nodename} \(pid \d+\)", lines[0])


def test_of_a_resume_and_torchrun_at_once_one_trains_and_the_other_is_refused(tmp_path):
    assert_refused(race(create(tmp_path, "run", ENDLESS), ("resume", "torchrun")))


def test_of_two_requeued_jobs_at_once_one_creates_the_run_and_one_trains(tmp_path):
    assert_refused(race(Run(tmp_path / "run"), ("or-resume", "or-resume")))


def test_of_two_machines_at_once_without_locks_between_them_one_trains(tmp_path):
    race(create(tmp_path, "run", ENDLESS), ("resume", "resume"), CLUSTER)


@pytest.mark.soak
@pytest.mark.parametrize("machines", [({}, {}), CLUSTER], ids=["one-machine", "two-machines"])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_of_a_hundred_races_of_each_pair_none_gives_two_trainers(tmp_path, pair, machines):
    for number in range(int(os.environ.get("VAE_TUI_TEST_RACES", "100"))):
        run = Run(Path(tmp_path) / f"run{number}")
        if pair != ("or-resume", "or-resume"):
            create(tmp_path, run.name, ENDLESS)
        race(run, pair, machines)
