"""The trainer process: arguments, lock, signals and exit code around a ``Trainer``.

``python -m vae_tui.worker FOLDER`` trains the run whose ``config.json`` is in FOLDER,
from its last save if there is one.
"""

import argparse
import contextlib
import os
import signal
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import distributed

from vae_tui.data import idx_files
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model.device import choose_device, choose_precision
from vae_tui.run import events
from vae_tui.run.config import RunConfig
from vae_tui.run.events import Event, RunEnded, RunStarted
from vae_tui.run.folder import Run
from vae_tui.training.checkpoint import restore
from vae_tui.training.command_source import CommandFile
from vae_tui.training.patient_writer import PatientWriter, log, record_failure
from vae_tui.training.ranks import TIMEOUT, Ranks
from vae_tui.training.recorder import Recorder
from vae_tui.training.tensorboard import TensorBoardFiles
from vae_tui.training.thread_choice import make_products_exact
from vae_tui.training.trainer import Trainer

_LARGEST_RECORD = 1 << 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the run in the folder named by the arguments; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vae_tui.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock-fd", type=int, help="descriptor that holds the run's lock")
    parser.add_argument("--commands-from", type=int, default=0, help="bytes of commands to skip")
    parser.add_argument("--data-dir", help="where the data set is now, if not where config says")
    options = parser.parse_args(arguments)
    run = Run(options.folder.absolute())
    ranks = Ranks.from_environment()
    agent = os.getppid() if ranks.size > 1 else None
    # Rank 0 passes its commands to the others.
    path = run.commands if ranks.rank == 0 else Path(os.devnull)
    commands = CommandFile(path, options.commands_from, agent)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, commands.stop)
    # The launcher blocked them, so that none is lost while torch is imported.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    make_products_exact()
    try:
        config = run.config()
        if options.data_dir is not None:
            config = replace(config, data_dir=options.data_dir)
        if ranks.size == 1:
            lock = run.take_lock() if options.lock_fd is None else options.lock_fd
            os.set_inheritable(lock, False)  # a child that outlives the trainer must not hold it
            run.write_pid(lock, os.getpid())
        return train(run, config, commands, ranks)
    except VaeTuiError as error:
        log(str(error))
        return error.exit_code


def train(run: Run, config: RunConfig, commands: CommandFile, ranks: Ranks) -> int:
    """Train a run whose lock is held; return the exit code. Errors are logged and recorded."""
    step = 0
    last: Event | None = None
    try:
        device = choose_device(_device_name(config, ranks))
        ranks.join(device)
        precision = precision_for(run, config, device)
        images = idx_files.load(config.dataset, Path(config.data_dir), config.image_shape)
        trainer = Trainer(config, images, device, precision, ranks)
        if run.trainer_state.exists() or run.weights.exists():  # never train over what was trained
            restore(trainer, run.trainer_state)
        recorder = tensorboard = None
        if ranks.rank == 0:
            writer = PatientWriter(run, trainer, commands.is_stop_requested, ranks.keep_waiting)
            recorder = Recorder(run, config, trainer, writer)
            recorder.begin(images)
            if config.tensorboard:
                tensorboard = TensorBoardFiles(run, config, trainer, images)
        for happened in trainer.run(commands):
            step = trainer.step
            last = happened[-1] if happened else last
            if tensorboard:
                tensorboard.record(happened)
            if recorder:
                # Reset first: another save may be requested while this one waits for the disk.
                save, commands.save_requested = commands.save_requested, False
                recorder.record(happened, save=save)
        ranks.leave()
    except Exception as error:
        # The whole process: the run records the error in words, the log has the traceback.
        log(traceback.format_exc())
        if ranks.rank == 0:
            record_failure(run, step, failure_in_words(error, ranks))
        return error.exit_code if isinstance(error, VaeTuiError) else 1
    return 1 if isinstance(last, RunEnded) and last.reason == "failed" else 0


def precision_for(run: Run, config: RunConfig, device: torch.device) -> str:
    """Return ``fp32`` or ``bf16``; ``auto`` means what the run began with on this kind of device.

    So a resumed run computes as before on another processor, or with a version that would choose
    differently.
    """
    if config.precision == "auto":
        with contextlib.suppress(OSError, ValueError), run.events.open("rb") as file:
            match events.decode(file.readline(_LARGEST_RECORD)):
                case RunStarted(device=began_on, precision="fp32" | "bf16" as began_in):
                    if began_on.split(":")[0] == device.type:
                        return began_in
    return choose_precision(config.precision, device)


def failure_in_words(error: Exception, ranks: Ranks) -> str:
    """Return one line for a user that says what made the trainer fail."""
    if isinstance(error, VaeTuiError):
        return str(error)
    # torch's CPU allocator raises a plain RuntimeError.
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "allocate memory" in str(error):
        return "out of memory on the device; a smaller --batch-size or --hidden needs less"
    # Gloo raises a plain RuntimeError.
    if ranks.size > 1 and (isinstance(error, distributed.DistError) or "gloo" in str(error)):
        return (
            f"another of the {ranks.size} processes died or did not answer for "
            f"{TIMEOUT.total_seconds() / 60:g} minutes; resume continues from the last save"
        )
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"


def _device_name(config: RunConfig, ranks: Ranks) -> str:
    """Return this rank's device; with several ranks, each has its own GPU."""
    if ranks.size == 1:
        return config.device
    nproc = f"--nproc {ranks.size}"
    if config.device.startswith("cuda:"):
        raise UsageError(
            f"--device {config.device} with {nproc}: each process needs its own GPU; "
            "use --device cuda"
        )
    if config.device not in ("auto", "cuda") or not torch.cuda.is_available():
        return config.device
    if (found := torch.cuda.device_count()) < ranks.size:
        raise UsageError(f"{nproc}: torch finds {found} CUDA devices; use --nproc {found}")
    return f"cuda:{ranks.local_rank}"
