"""What is known of a run's machine from its log."""

import json
import os
import time
from pathlib import Path

import pytest
from support.explored_runs import called_once
from support.logs import NOW, live, losses, run_with, started
from support.run_events import machine_measured
from support.tiny_runs import TINY

from vae_tui.run.events import Event, Paused, Resumed, RunEnded
from vae_tui.run.progress import Progress, advance
from vae_tui.run.summary import summarise


def after(*happened: Event) -> Progress:
    progress = Progress("a run", TINY)
    for event in happened:
        progress = advance(progress, event)
    return progress


def test_the_newest_measurement_of_the_machine_counts():
    first, second = machine_measured(3, cpu_percent=1.0), machine_measured(4, cpu_percent=2.0)
    assert after(started(), first, losses(3), second).machine == second


@pytest.mark.parametrize(
    "event",
    [Paused(time=NOW, step=4), RunEnded(time=NOW, step=4, reason="stopped"), started(step=4)],
)
def test_a_machine_that_trains_no_more_is_not_described(event):
    assert after(started(), machine_measured(3), event).machine is None


def test_after_a_pause_the_next_measurement_counts():
    pause = Paused(time=NOW, step=4), Resumed(time=NOW, step=4)
    assert after(started(), *pause, newest := machine_measured(5)).machine == newest


def test_a_run_whose_trainer_is_gone_has_no_machine_and_a_running_one_has(tmp_path):
    now = time.time()
    newest = machine_measured(3, time=now)
    run = run_with(tmp_path, started(at=now), losses(3, at=now), newest)
    assert summarise(run).machine is None
    lock = live(run, now - 1_000)
    assert summarise(run).machine == newest
    os.close(lock)


def test_runs_and_status_describe_the_machine_of_a_running_run(tmp_path: Path):
    now = time.time()
    run = run_with(
        tmp_path,
        started(at=now),
        losses(3, at=now),
        machine_measured(3, time=now, gpu_percent=(87.0,), gpu_celsius=(64.0,)),
    )
    lock = live(run, now - 1_000)
    try:
        for line in (["runs", "--runs-dir", str(tmp_path)], ["status", str(run.path)]):
            code, out, _ = called_once(line)
            assert code == 0
            assert ": GPU 87 %, 64 C, CPU 93 %, RAM 21.0 of 24 GiB\n" in out
            record = json.loads(called_once([*line, "--json"])[1])
            machine = (record[0] if isinstance(record, list) else record)["machine"]
            assert (machine["gpu_percent"], machine["cpu_percent"]) == ([87.0], 93.0)
    finally:
        os.close(lock)
