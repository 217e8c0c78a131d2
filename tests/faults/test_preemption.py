"""A run whose machine takes the trainer away again and again."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import PATIENCE_SECONDS
from support.real_runs import (
    ENDLESS,
    assert_same_weights,
    assert_stopped_with_all_saved,
    in_force,
    logged_events,
    newest_step,
    none_left,
    uninterrupted,
    wait_until,
    worker,
)
from support.tiny_runs import losses_of, only, tiny_config

from vae_tui.errors import UsageError
from vae_tui.run import control
from vae_tui.run.commands import PREEMPTED, Command
from vae_tui.run.control import TRAINER_SIGNALS, RunSteering, prepare_commands
from vae_tui.run.events import RunEnded
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train

BATCH, STEPS_PER_EPOCH = 256, 18
SIGNALS = [number for number in TRAINER_SIGNALS if number != signal.SIGINT]


def assert_like_unbroken(run: Run, epochs: int) -> None:
    losses, trainer = uninterrupted(tiny_config(epochs=epochs, batch_size=BATCH))
    assert losses_of(in_force(logged_events(run))) == losses
    assert_same_weights(run.weights, trainer)


def epochs_to_finish(run: Run) -> int:
    return newest_step(run) // STEPS_PER_EPOCH + 1


@contextlib.contextmanager
def stopped_by_signals(run: Run) -> Iterator[CommandFile]:
    """Let signals to this process stop the run, as they stop a trainer's process."""
    commands = CommandFile(run.commands, prepare_commands(run))
    before = {number: signal.signal(number, commands.stop) for number in SIGNALS}
    try:
        yield commands
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train_here(run: Run, dice: random.Random | None) -> RunEnded:
    """Train in this process, until the end or a signal at a random moment."""
    timer = None
    with stopped_by_signals(run) as commands:
        if dice is not None:
            victim = os.getpid(), dice.choice(SIGNALS)
            timer = threading.Timer(dice.uniform(0.0, 0.4), os.kill, victim)
            timer.start()
        assert train(run, ENDLESS, commands, Ranks()) == 0
        if timer is not None:
            timer.join()
    return only(RunEnded, logged_events(run))[-1]


def train_until_a_signal_in_a_save(run: Run) -> RunEnded:
    """Train in this process; send SIGUSR1 while a save has written part of its files."""
    first = len(only(RunEnded, logged_events(run))) if run.events.exists() else 0
    is_over = threading.Event()

    def send_in_a_save() -> None:
        run.send(Command(command="save"))
        while not (list(run.path.glob(".state.pt.*")) or is_over.is_set()):
            pass
        os.kill(os.getpid(), signal.SIGUSR1)

    with stopped_by_signals(run) as commands:
        sender = threading.Thread(target=send_in_a_save)
        sender.start()
        try:
            assert train(run, ENDLESS, commands, Ranks()) == 0
        finally:
            is_over.set()
            sender.join()
    return only(RunEnded, logged_events(run))[first]


def assert_signals_in_saves_lose_nothing(folder: Path, times: int) -> None:
    run = create(folder, "run", ENDLESS)
    for _ in range(times):
        assert train_until_a_signal_in_a_save(run).reason == PREEMPTED
        assert_stopped_with_all_saved(run, PREEMPTED)
    epochs = epochs_to_finish(run)
    run.send(Command(command="set", setting="epochs", value=epochs))
    assert train_here(run, None).reason == "finished"
    assert_like_unbroken(run, epochs)


def test_a_signal_inside_a_save_loses_nothing(tmp_path):
    assert_signals_in_saves_lose_nothing(tmp_path, 3)


@pytest.mark.soak
def test_a_hundred_signals_inside_saves_lose_nothing(tmp_path):
    assert_signals_in_saves_lose_nothing(tmp_path, 100)


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
            wait_until(lambda number=number: len(only(RunEnded, logged_events(run))) == number)
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


@pytest.mark.soak
def test_a_frozen_trainer_whose_run_another_machine_took_over_writes_nothing_more(
    tmp_path, monkeypatch
):
    run = create(tmp_path, "run", ENDLESS)
    monkeypatch.setenv("VAE_TUI_TEST_FLOCK", "none")
    monkeypatch.setenv("VAE_TUI_TEST_HOST", "node1")
    frozen = worker(run)
    try:
        wait_until(lambda: run.events.exists() and newest_step(run) > 100)
        os.kill(frozen.pid, signal.SIGSTOP)
        monkeypatch.setenv("VAE_TUI_TEST_HOST", "node2")
        with pytest.raises(UsageError, match="is live on node1"):
            control.start(run, ENDLESS)
        wait_until(lambda: summarise(run).state == "lost")
        log, state = run.events.read_bytes(), run.trainer_state.read_bytes()
        os.close(run.take_lock("of node2"))
        os.kill(frozen.pid, signal.SIGCONT)
        _, errors = frozen.communicate(timeout=PATIENCE_SECONDS)
        assert "on node2) has taken over the run: this one ends" in errors
        assert (log, state) == (run.events.read_bytes(), run.trainer_state.read_bytes())
    finally:
        frozen.kill()
