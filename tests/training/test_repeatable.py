"""The same seed gives the same run: default network, batch, threads and environment."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.busy import busy_neighbour
from support.real_runs import (
    default_config,
    ended,
    in_force,
    newest_step,
    none_left,
    told,
    wait_until,
)
from support.tiny_runs import losses_of, only

from vae_tui.data import idx_files
from vae_tui.model.mlp import Mlp
from vae_tui.run import control
from vae_tui.run.config import RunConfig
from vae_tui.run.events import RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.ranks import Ranks
from vae_tui.training.stepper import Stepper
from vae_tui.training.thread_choice import ThreadChoice

EPOCHS, STEPS_PER_EPOCH = 3, 18
"""Each epoch ends in a batch of 148 of the 4,500 digits."""


def default_run(folder, precision: str) -> tuple[Run, RunConfig]:
    config = replace(default_config(EPOCHS), precision=precision)
    return create(folder, "run", config), config


@pytest.fixture(scope="module", params=["fp32", "bf16"])
def reference(request, tmp_path_factory) -> tuple[str, Run]:
    """Return a precision and a run in it that nothing broke off."""
    run, config = default_run(tmp_path_factory.mktemp("reference"), request.param)
    with none_left(run):
        control.start(run, config)
        assert ended(run).reason == "finished"
    return request.param, run


def assert_same_run(run: Run, reference: Run) -> None:
    assert losses_of(in_force(told(run))) == losses_of(told(reference))
    weights, expected = load_file(run.weights), load_file(reference.weights)
    for name, value in expected.items():
        assert weights[name].equal(value), name


def test_a_run_beside_a_busy_program_is_the_same_run(tmp_path, reference):
    precision, quiet = reference
    run, config = default_run(tmp_path, precision)
    with none_left(run), busy_neighbour():
        control.start(run, config)
        assert ended(run).reason == "finished"
    assert_same_run(run, quiet)


def test_a_run_killed_and_resumed_beside_a_busy_program_is_the_same_run(tmp_path, reference):
    precision, unbroken = reference
    run, config = default_run(tmp_path, precision)
    with none_left(run), busy_neighbour():
        pid = control.start(run, config)
        wait_until(lambda: newest_step(run) > 1.5 * STEPS_PER_EPOCH)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not run.is_live())
        control.start(run, config)
        assert ended(run).reason == "finished"
    starts = only(RunStarted, told(run))
    assert [start.threads for start in starts] == [config.threads] * 2
    assert_same_run(run, unbroken)


class Clock:
    """Its seconds pass faster with one of the two numbers of threads."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slow_threads = 2

    def __call__(self) -> float:
        self.now += 3.0 if torch.get_num_threads() == self.slow_threads else 1.0
        return self.now


def train(precision: str, clock: Clock | None) -> tuple[torch.Tensor, set[int]]:
    """Return the weights after three epochs, and which numbers of threads computed them."""
    torch.set_num_threads(2)
    torch.manual_seed(1)
    model = Mlp()
    images = idx_files.load("digits", Path("/nowhere")).train[: 3 * 256 + 148]
    stepper = Stepper(
        model,
        images,
        batch_size=256,
        lr=1e-3,
        precision=precision,
        reconstruction="bce",
        noise=torch.Generator().manual_seed(1),
        ranks=Ranks(),
        capture=None,
    )
    timer = clock or (lambda: 0.0)
    choice = ThreadChoice(2, stepper.compute_gradient, stepper.batch_sizes, timer=timer)
    used = set()
    for step in range(12):
        if clock:
            clock.slow_threads = 2 if step < 8 else 1
        rows = torch.arange(len(images))[step % 4 * 256 :][:256]
        used.add(torch.get_num_threads())
        stepper.take(rows, 1.0)
        choice.update()
    return torch.cat([one.detach().flatten() for one in model.parameters()]), used


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_number_of_threads_changes_while_training_only_where_it_changes_no_bit(precision):
    before = torch.get_num_threads()
    try:
        weights, used = train(precision, Clock())
        expected, (threads,) = train(precision, None)
    finally:
        torch.set_num_threads(before)
    assert threads == 2
    assert torch.equal(weights, expected)
    print(f"{precision}: computed with {used} threads")  # noqa: T201
