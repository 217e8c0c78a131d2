"""Trainers in processes of their own, on tiny runs of the shipped digits."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from support.processes import PATIENCE_SECONDS, give_way, wait_until
from support.tiny_runs import CPU, at, command, finish, losses_of, tiny_config

from vae_tui.cli.cores import default_threads
from vae_tui.data import idx_files
from vae_tui.model.step_plan import choose_plan
from vae_tui.run import control
from vae_tui.run.config import RunConfig
from vae_tui.run.events import Event, RunEnded, RunStarted, decode
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state
from vae_tui.training.thread_choice import make_products_exact
from vae_tui.training.trainer import Trainer

make_products_exact()  # as a trainer's process does: `uninterrupted` trains in this one

DIGITS = tiny_config(epochs=6, batch_size=256)
ENDLESS = tiny_config(epochs=1_000_000, batch_size=256)


def default_config(epochs: int) -> RunConfig:
    """Return the config of a default run of the digits, on the CPU."""
    return RunConfig(
        dataset="digits",
        data_dir="/nowhere",
        epochs=epochs,
        device="cpu",
        threads=default_threads(1),
    )


def logged_events(run: Run) -> list[Event]:
    """Return the events of a run, in order."""
    return list(_events(_whole_lines(run)))


def _whole_lines(run: Run) -> list[bytes]:
    return run.events.read_bytes().split(b"\n")[:-1] if run.events.exists() else []


def _events(lines: Iterable[bytes]) -> Iterator[Event]:
    for line in lines:
        with contextlib.suppress(ValueError):
            if (event := decode(line)) is not None:
                yield event


def in_force(happened: list[Event]) -> list[Event]:
    """Return the events without those that a later run_started made void."""
    left: list[Event] = []
    for event in happened:
        if isinstance(event, RunStarted):
            left = [earlier for earlier in left if earlier.step <= event.step]
        left.append(event)
    return left


def newest_step(run: Run) -> int:
    last = next(_events(reversed(_whole_lines(run))), None)
    return -1 if last is None else last.step


@contextmanager
def running(folder: Path, config: RunConfig) -> Iterator[Run]:
    """Give a new run with a trainer; whatever the test did, none is left."""
    run = create(folder, "run", config)
    with none_left(run):
        control.start(run, config)
        yield run


@contextmanager
def running_aside(folder: Path) -> Iterator[Run]:
    """Give a run that trains without end; its trainer has begun and gives way to others."""
    with running(folder, ENDLESS) as run:
        wait_until(run.weights.exists)
        pid = run.pid()
        assert pid is not None
        give_way(pid)
        yield run


@contextmanager
def none_left(run: Run) -> Iterator[None]:
    """Kill the run's trainer at the end, should it live."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            if (pid := run.pid()) is not None:
                os.kill(pid, signal.SIGKILL)


def ended(run: Run) -> RunEnded:
    """Wait for the trainer to be gone; return its last word."""
    wait_until(lambda: not run.is_live())
    last = logged_events(run)[-1]
    assert isinstance(last, RunEnded), (last, run.log.read_text())
    return last


def assert_stopped_with_all_saved(run: Run, reason: str = "stopped") -> None:
    last = ended(run)
    assert last.reason == reason
    assert load_state(run.trainer_state)["step"] == last.step
    assert metadata(run.weights)["step"] == str(last.step)
    assert summarise(run).state == "stopped"


def worker(run: Run, **more: Any) -> "subprocess.Popen[str]":
    """Start the module by hand, as one would under a debugger."""
    return subprocess.Popen(
        [sys.executable, "-m", "vae_tui.worker", run.path],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **more,
    )


def outcome(run: Run) -> tuple[int, str]:
    """Run the module to its end; return exit code and stderr."""
    process = worker(run)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, errors


def uninterrupted(
    config: RunConfig, until: int | None = None
) -> tuple[list[dict[str, Any]], Trainer]:
    """Return what a run in this process comes to, at its end or stopped at step ``until``."""
    plan = choose_plan(config.precision, CPU, architecture=config.architecture)
    trainer = Trainer(config, idx_files.load("digits", Path("/nowhere")), CPU, plan)
    stops = [] if until is None else [(at(until), command("stop"))]
    return losses_of(finish(trainer, *stops)), trainer


def assert_same_weights(path: Path, trainer: Trainer) -> None:
    saved = load_file(path)
    for name, value in trainer.model.state_dict().items():
        assert torch.equal(saved[name], value), name


def metadata(path: Path) -> dict[str, str]:
    with safe_open(path, "numpy") as file:
        return dict(file.metadata())
