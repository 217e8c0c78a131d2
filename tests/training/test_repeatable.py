"""The same seed gives the same run: default networks, batch, threads and environment."""

import math
import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.busy import busy_neighbour
from support.real_runs import (
    assert_same_weights,
    default_config,
    ended,
    in_force,
    logged_events,
    metadata,
    newest_step,
    none_left,
    uninterrupted,
    wait_until,
)
from support.tiny_runs import CPU, losses_of, only

from vae_tui.data import idx_files
from vae_tui.model import ARCHITECTURES
from vae_tui.model.gradient import gradient_for
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import StepPlan, choose_plan
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.control import RunSteering
from vae_tui.run.events import RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.step.stepper import Stepper, batch_sizes
from vae_tui.training.thread_choice import ThreadChoice

STEPS_PER_EPOCH = 18
"""Each epoch ends in a batch of 148 of the 4,500 digits."""
OTHER_PRECISION = {"fp32": "bf16", "bf16": "fp32"}[choose_plan("auto", CPU).precision]
CONV = {"architecture": "conv", "hidden": ARCHITECTURES["conv"].default_hidden(20)}


def train_until_killed(run: Run, config: RunConfig, moment: int) -> int:
    """Kill a trainer some steps after a save past step ``moment``; return the saved step."""
    RunSteering(run, config).restart()
    pid = run.pid()
    assert pid is not None
    wait_until(lambda: newest_step(run) > 0)
    with busy_neighbour():
        wait_until(lambda: newest_step(run) >= moment)
        before = run.trainer_state.stat().st_mtime_ns
        run.send(Command(command="save"))
        wait_until(lambda: run.trainer_state.stat().st_mtime_ns != before)
        saved = load_state(run.trainer_state)["step"]
        wait_until(lambda: newest_step(run) > saved)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not run.is_live())
    return saved


def go_on(run: Run, config: RunConfig, **settings: float) -> None:
    """Resume a run whose trainer was killed in the middle of writing."""
    assert summarise(run).state == "lost"
    with run.events.open("ab") as file:  # as of a write that was cut
        file.write(b'{"event":"losses_measured","time":17')
    (run.path / ".state.pt.left").write_bytes(b"of a save that was cut")
    RunSteering(run, config).restart(**settings)
    wait_until(lambda: len(only(RunStarted, logged_events(run))) == 2)


def assert_went_on(run: Run, config: RunConfig, moment: int, saved: int) -> None:
    starts = only(RunStarted, logged_events(run))
    assert starts[1].step >= saved >= moment
    assert [start.threads for start in starts] == [config.threads] * 2
    assert not list(run.path.glob(".*"))


@pytest.mark.parametrize(
    ("settings", "latest", "more"),
    [
        pytest.param({"precision": OTHER_PRECISION}, 2 * STEPS_PER_EPOCH, 1, id=OTHER_PRECISION),
        # A minute of CPU time: a step takes half a second of it.
        pytest.param(CONV, STEPS_PER_EPOCH // 3, 0, id="conv", marks=pytest.mark.soak),
    ],
)
def test_a_run_killed_at_a_random_moment_and_resumed_beside_a_busy_program_is_the_same_run(
    tmp_path, settings, latest, more
):
    """It is killed before step ``latest``, and goes on for ``more`` epochs after that one.

    The default precision is in `test_kills`.
    """
    config = replace(default_config(1_000_000), **settings)
    run = create(tmp_path, "run", config)
    moment = random.randrange(1, latest)
    with none_left(run):
        saved = train_until_killed(run, config, moment)
        epochs = math.ceil(newest_step(run) / STEPS_PER_EPOCH) + more
        go_on(run, config, epochs=epochs)
        with busy_neighbour():
            assert ended(run).reason == "finished"
    assert_went_on(run, config, moment, saved)
    losses, trainer = uninterrupted(replace(config, epochs=epochs))
    assert losses_of(in_force(logged_events(run))) == losses
    assert_same_weights(run.weights, trainer)
    best = min(losses, key=lambda row: row["test_bce"] + row["test_kl"])
    assert metadata(run.best)["step"] == str(best["step"])


def test_convolutions_killed_and_resumed_have_the_weights_of_an_unbroken_run(tmp_path):
    # Both are stopped in their first epoch; the whole of it is a soak test.
    config = replace(default_config(1_000_000), **CONV)
    run = create(tmp_path, "run", config)
    moment = random.randrange(1, 5)
    with none_left(run):
        saved = train_until_killed(run, config, moment)
        killed_at = newest_step(run)
        go_on(run, config)
        with busy_neighbour():
            wait_until(lambda: newest_step(run) > killed_at)
            run.send(Command(command="stop"))
            last = ended(run)
    assert last.reason == "stopped"
    assert_went_on(run, config, moment, saved)
    _, trainer = uninterrupted(config, until=last.step)
    assert trainer.step == last.step > saved
    assert_same_weights(run.weights, trainer)


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
        gradient_for(model, StepPlan(precision), "bce"),
        images,
        batch_size=256,
        lr=1e-3,
        noise=torch.Generator().manual_seed(1),
        ranks=Ranks(),
    )
    timer = clock or (lambda: 0.0)
    choice = ThreadChoice(2, stepper.compute_gradient, batch_sizes(len(images), 256), timer=timer)
    used = set()
    for step in range(12):
        if clock:
            clock.slow_threads = 2 if step < 8 else 1
        rows = torch.arange(len(images))[step % 4 * 256 :][:256]
        used.add(torch.get_num_threads())
        stepper.take(rows, [1.0])
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
