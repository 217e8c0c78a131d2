"""A run whose machine takes the trainer away again and again."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from support.real_runs import (
    ENDLESS,
    assert_same_weights,
    assert_stopped_with_all_saved,
    in_force,
    newest_step,
    none_left,
    told,
    uninterrupted,
    wait_until,
)
from support.tiny_runs import losses_of, only, tiny_config

from vae_tui.run import control
from vae_tui.run.commands import PREEMPTED, Command
from vae_tui.run.control import TRAINER_SIGNALS, RunSteering, prepare_commands
from vae_tui.run.events import RunEnded
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train

BATCH, STEPS_PER_EPOCH = 256, 18
SIGNALS = [number for number in TRAINER_SIGNALS if number != signal.SIGINT]


def assert_like_unbroken(run: Run, epochs: int) -> None:
    losses, trainer = uninterrupted(tiny_config(epochs=epochs, batch_size=BATCH))
    assert losses_of(in_force(told(run))) == losses
    assert_same_weights(run.weights, trainer)


def epochs_to_finish(run: Run) -> int:
    return newest_step(run) // STEPS_PER_EPOCH + 1


def train_here(run: Run, dice: random.Random | None) -> RunEnded:
    """Train in this process, until the end or a signal at a random moment."""
    commands = CommandFile(run.commands, prepare_commands(run))
    before = {number: signal.signal(number, commands.stop) for number in SIGNALS}
    timer = None
    if dice is not None:
        victim = os.getpid(), dice.choice(SIGNALS)
        timer = threading.Timer(dice.uniform(0.0, 0.4), os.kill, victim)
        timer.start()
    try:
        assert train(run, ENDLESS, commands, Ranks()) == 0
    finally:
        if timer is not None:
            timer.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    return only(RunEnded, told(run))[-1]


def test_a_run_preempted_ten_times_at_random_has_the_losses_of_an_unbroken_one(tmp_path):
    run, dice = create(tmp_path, "run", ENDLESS), random.Random()
    for _ in range(10):
        assert train_here(run, dice).reason == PREEMPTED
    epochs = epochs_to_finish(run)
    run.send(Command(command="set", setting="epochs", value=epochs))
    assert train_here(run, None).reason == "finished"
    assert_like_unbroken(run, epochs)


@pytest.mark.soak
def test_fifty_preempted_and_requeued_trainers_give_the_losses_of_an_unbroken_run(tmp_path: Path):
    run, dice = create(tmp_path, "run", ENDLESS), random.Random(50)
    slowest = 0.0
    with none_left(run):
        for number in range(50):
            pid = control.start(run, ENDLESS)
            wait_until(lambda number=number: len(only(RunEnded, told(run))) == number)
            time.sleep(dice.uniform(0.0, 4.0))
            began = time.monotonic()
            os.kill(pid, dice.choice(SIGNALS))
            assert_stopped_with_all_saved(run, PREEMPTED)
            slowest = max(slowest, time.monotonic() - began)
        epochs = epochs_to_finish(run)
        RunSteering(run, ENDLESS).restart(epochs=epochs)
        wait_until(lambda: not run.is_live())
    print(f"50 preemptions; the slowest ended after {slowest:.1f} s, starts included")  # noqa: T201
    assert_like_unbroken(run, epochs)
