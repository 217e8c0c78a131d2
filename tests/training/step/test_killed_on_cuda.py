"""A trainer's process on a GPU, killed and resumed; on the CPU see `test_repeatable`."""

import os
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.devices import ON_CUDA
from support.real_runs import ended, in_force, logged_events, newest_step, none_left, wait_until
from support.tiny_runs import losses_of, only

from vae_tui.run import control
from vae_tui.run.config import RunConfig
from vae_tui.run.control import RunSteering
from vae_tui.run.events import RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create

pytestmark = ON_CUDA
EPOCHS = 400


def make_run(folder: Path, precision: str) -> tuple[Run, RunConfig]:
    config = RunConfig(
        dataset="digits", data_dir="/nowhere", epochs=EPOCHS, device="cuda", precision=precision
    )
    return create(folder, "run", config), config


@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_a_killed_run_that_is_resumed_ends_with_the_bits_of_an_unbroken_one(tmp_path, precision):
    unbroken, config = make_run(tmp_path / "unbroken", precision)
    killed, _ = make_run(tmp_path / "killed", precision)
    with none_left(unbroken), none_left(killed):
        control.start(killed, config)
        wait_until(lambda: newest_step(killed) > 100 and killed.trainer_state.exists())
        pid = killed.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not killed.is_live())
        RunSteering(killed, config).restart()
        wait_until(lambda: len(only(RunStarted, logged_events(killed))) == 2)
        assert ended(killed).reason == "finished"
        control.start(unbroken, config)
        assert ended(unbroken).reason == "finished"
    assert losses_of(in_force(logged_events(killed))) == losses_of(logged_events(unbroken))
    expected = load_file(unbroken.weights)
    for name, value in load_file(killed.weights).items():
        assert torch.equal(value, expected[name]), name
