"""torchrun on two machines, one of which dies: the run goes on on the other one."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from support.processes import processes, start_torchrun
from support.real_runs import ENDLESS, logged_events, newest_step, wait_until
from support.tiny_runs import only

from vae_tui.run.events import RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.lock.holder import LOST_SECONDS
from vae_tui.run.runs_folder import create

STORE = """
import sys, time
from torch.distributed import TCPStore
store = TCPStore("127.0.0.1", 0, None, True, wait_for_workers=False)
print(store.port, flush=True)
sys.stdin.read()
"""
"""Where the agents meet: it belongs to neither of the machines."""


@contextlib.contextmanager
def machine(run: Run, host: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Start torchrun on a machine of this name whose locks reach no other; kill it at the end."""
    meeting = (f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-conf=is_host=false")
    job = ("--rdzv-backend=c10d", "--rdzv-id=job 7", *meeting, "--local-addr=127.0.0.1")
    agent = start_torchrun(
        ("--nnodes=1:2", *job, "--nproc-per-node=1", "--max-restarts=1"),
        *(run.path, run.path / f"{host}.log"),
        VAE_TUI_TEST_FLOCK="none",
        VAE_TUI_TEST_HOST=host,
    )
    try:
        yield agent
    finally:
        kill(agent)


def kill(agent: "subprocess.Popen[bytes]") -> None:
    """Kill an agent and its processes at once, as a machine that loses its power."""
    agent.send_signal(signal.SIGSTOP)
    for child in [one.pid for one in processes() if one.parent == agent.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    agent.kill()
    agent.wait()


@pytest.mark.soak
def test_a_run_goes_on_on_another_machine_with_the_first_restart_after_its_own_has_died(tmp_path):
    run = create(tmp_path, "run", ENDLESS)

    def started() -> list[RunStarted]:
        return only(RunStarted, logged_events(run))

    with contextlib.ExitStack() as opened:
        store = opened.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", STORE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )
        assert store.stdout
        port = int(store.stdout.readline())
        first = opened.enter_context(machine(run, "node1", port))
        opened.enter_context(machine(run, "node2", port))
        wait_until(lambda: [one.host for one in started() if one.world_size == 2] == ["node1"])
        wait_until(lambda: newest_step(run) > 100)
        died, before = time.monotonic(), len(started())
        kill(first)
        wait_until(lambda: "this job trained run on node1" in (run.path / "node2.log").read_text())
        again = wait_until(lambda: started()[before:])[0]
        seconds = time.monotonic() - died
        assert (again.host, again.world_size) == ("node2", 1)
        assert seconds > LOST_SECONDS - 5
    print(f"trains on the other machine {seconds:.0f} s after the first one died")  # noqa: T201
