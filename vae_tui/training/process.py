"""The trainer's process around ``train``: files, commands, signals, ranks.

``python -m vae_tui.worker FOLDER`` trains the run whose ``config.json`` is in FOLDER,
from its last save when there is one.
"""

import argparse
import os
import signal
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from vae_tui.data import idx_files
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model.device import choose_device, choose_precision
from vae_tui.run.config import SETTINGS, RunConfig, check_number
from vae_tui.run.events import Event, RunEnded
from vae_tui.run.folder import Run
from vae_tui.training.checkpoint import load_state
from vae_tui.training.command_source import CommandFile, NoCommands
from vae_tui.training.log import log
from vae_tui.training.ranks import Ranks
from vae_tui.training.recorder import Recorder
from vae_tui.training.trainer import Trainer

_STATE_BYTES, _STATE_BYTES_A_PARAMETER = 1 << 20, 16
"""How large a state may be: float32 weights and Adam's two moments, and as much again."""
_MOST_STEPS = 10**12


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the run in the folder named; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vae_tui.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock-fd", type=int, help="descriptor that holds the run's lock")
    parser.add_argument("--commands-from", type=int, default=0, help="skip so many bytes of them")
    parser.add_argument("--data-dir", help="where the data set is now, if not where config says")
    options = parser.parse_args(arguments)
    run = Run(options.folder.absolute())
    ranks = Ranks.from_environment()
    agent = os.getppid() if ranks.size > 1 else None
    control = (
        CommandFile(run.commands, options.commands_from, agent) if ranks.rank == 0 else NoCommands()
    )
    _answer_signals(control)
    try:
        config = run.config()
        if options.data_dir is not None:
            config = replace(config, data_dir=options.data_dir)
        if ranks.size == 1:
            lock = run.take_lock() if options.lock_fd is None else options.lock_fd
            os.set_inheritable(lock, False)  # a child that outlives the trainer must not hold it
            os.pwrite(lock, f"{os.getpid():<20}\n".encode(), 0)
        return _train(run, config, control, ranks)
    except VaeTuiError as error:
        log(str(error))
        return error.exit_code


def _train(run: Run, config: RunConfig, control: CommandFile | NoCommands, ranks: Ranks) -> int:
    recorder = Recorder(run, config, control.is_told_to_stop) if ranks.rank == 0 else None
    step = 0
    last: Event | None = None
    try:
        device = choose_device(_device_name(config, ranks))
        ranks.join(device)
        precision = choose_precision(config.precision, device)
        images = idx_files.load(config.dataset, Path(config.data_dir))
        trainer = Trainer(config, images, device, precision, ranks)
        if run.state.exists() or run.weights.exists():  # never train over what was trained
            _load(trainer, run)
        if recorder:
            recorder.begin(trainer, images)
        for events in trainer.run(control):
            step = trainer.step
            last = events[-1] if events else last
            if recorder:
                # Before: while it waits for room, another may be asked for.
                save, control.save_requested = control.save_requested, False
                recorder.record(trainer, events, save=save)
        ranks.leave()
    except Exception as error:
        # The whole process: report in words, keep the traceback in the log, fail.
        log(traceback.format_exc())
        if recorder:
            recorder.fail(step, _in_words(error))
        return error.exit_code if isinstance(error, VaeTuiError) else 1
    return 1 if isinstance(last, RunEnded) and last.reason == "failed" else 0


def _load(trainer: Trainer, run: Run) -> None:
    parameters = sum(value.numel() for value in trainer.model.parameters())
    state = load_state(run.state, _STATE_BYTES + _STATE_BYTES_A_PARAMETER * parameters)
    try:
        trainer.load_state(state)
        _check_settings(trainer)
    except (
        *(LookupError, TypeError, ValueError, RuntimeError, AttributeError, ArithmeticError),
        *(AssertionError, UsageError),
    ) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise VaeTuiError(f"{run.state} is of another network or version: {why:.200}") from error
    if not trainer.is_finite():
        raise VaeTuiError(f"{run.state} holds weights that are not finite")


def _check_settings(trainer: Trainer) -> None:
    """Raise UsageError or ValueError unless one can train with what a state said."""
    known = trainer.settings.state()
    for name, value in (*known["settings"].items(), *known["undo"]):
        if name not in SETTINGS:
            raise ValueError(f"no setting {name!r:.40}")
        check_number(name, value)
    if not 0 <= trainer.step <= _MOST_STEPS:
        raise ValueError(f"step {trainer.step!s:.40}")


def _device_name(config: RunConfig, ranks: Ranks) -> str:
    """Return this rank's device; of several ranks each has a GPU of its own."""
    if ranks.size == 1:
        return config.device
    together = f"--nproc {ranks.size}"
    if config.device.startswith("cuda:"):
        raise UsageError(
            f"--device {config.device} with {together}: each process needs a GPU of its own; "
            "use --device cuda"
        )
    if config.device not in ("auto", "cuda") or not torch.cuda.is_available():
        return config.device
    if (found := torch.cuda.device_count()) < ranks.size:
        raise UsageError(f"{together}: torch finds {found} CUDA devices; use --nproc {found}")
    return f"cuda:{ranks.local_rank}"


def _answer_signals(control: CommandFile | NoCommands) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, control.stop)
    # The launcher blocked them, so that none is lost while torch is imported.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})


def _in_words(error: Exception) -> str:
    # On the CPU torch has no error of its own for it.
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "allocate memory" in str(error):
        return "out of memory on the device; a smaller --batch-size or --hidden needs less"
    if isinstance(error, VaeTuiError):
        return str(error)
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
