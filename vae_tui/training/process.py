"""Training in a process: commands, signals, files and exit code around a ``Trainer``."""

import contextlib
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch

from vae_tui.data import idx_files
from vae_tui.data.idx_files import Images
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model.device import choose_device, gpu_uuids
from vae_tui.model.step_plan import AUTOGRAD, HANDWRITTEN, StepPlan, choose_plan
from vae_tui.run import events
from vae_tui.run.config import RunConfig
from vae_tui.run.control import TRAINER_SIGNALS
from vae_tui.run.events import Event, RunEnded, RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.lock.machine import host_name
from vae_tui.run.lock.run_lock import LockLost, RunLock
from vae_tui.training.checkpoint import restore
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import RankLost, Ranks
from vae_tui.training.machine.sampler import MachineSampler, machine_measure
from vae_tui.training.patient_writer import PatientWriter, log, record_failure
from vae_tui.training.recorder import Recorder
from vae_tui.training.tensorboard import TensorBoardFiles
from vae_tui.training.thread_choice import make_products_exact
from vae_tui.training.trainer import Trainer

_LARGEST_RECORD = 1 << 16


def train_run(run: Run, data_dir: str | None, commands_from: int, lock: RunLock | None) -> int:
    """Train a run with its data set in ``data_dir``; return the exit code.

    The first ``commands_from`` bytes of its commands are skipped; rank 0 has the ``lock``.
    """
    ranks = Ranks.from_environment()
    agent = os.getppid() if ranks.size > 1 else None
    commands = CommandFile(run.commands, commands_from, agent, first=ranks.rank == 0)
    for name in TRAINER_SIGNALS:
        signal.signal(name, commands.stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TRAINER_SIGNALS)
    make_products_exact()
    config = run.config()
    if data_dir is not None:
        config = replace(config, data_dir=data_dir)
    # Another launcher may have started another number of processes than the run was created for.
    threads = max(1, config.threads * config.nproc // ranks.local_size) if config.threads else 0
    return train(run, replace(config, threads=threads), commands, ranks, lock)


def train(
    run: Run,
    config: RunConfig,
    commands: CommandFile,
    ranks: Ranks,
    lock: RunLock | None = None,
) -> int:
    """Train a run whose lock is held; return the exit code. Errors are logged and recorded."""
    step = 0
    last: Event | None = None
    try:
        device = choose_device(device_for(config, ranks))
        ranks.join(device)
        # Files may be older on other machines: rank 0 alone reads the run's folder.
        plan = ranks.share(plan_for(run, config, device))
        images = idx_files.load(
            config.dataset, Path(config.data_dir), config.image_shape, config.data_checksum
        )
        trainer = Trainer(config, images, device, plan, ranks)
        # Never train over what was trained, even if its state is missing.
        if ranks.share(run.trainer_state.exists() or run.weights.exists()):
            restore(trainer, run.trainer_state, ranks)
        with _recording(run, images, trainer, commands, lock) as record:
            for happened in trainer.run(commands, commands.offset):
                step = trainer.step
                last = happened[-1] if happened else last
                record(happened)
        ranks.leave()
    except LockLost as lost:
        log(str(lost))
        return lost.exit_code
    except RankLost as lost:
        log(f"rank {ranks.rank}: {lost}")
        if ranks.rank == 0 and not ranks.restarts_left:
            record_failure(run, step, str(lost))
        return lost.exit_code
    except Exception as error:
        # The whole process: the run records the error in words, the log has the traceback.
        log(traceback.format_exc())
        if ranks.rank == 0:
            record_failure(run, step, failure_in_words(error))
        return error.exit_code if isinstance(error, VaeTuiError) else 1
    return 1 if isinstance(last, RunEnded) and last.reason == "failed" else 0


@contextlib.contextmanager
def _recording(
    run: Run, images: Images, trainer: Trainer, commands: CommandFile, lock: RunLock | None
) -> Iterator[Callable[[list[Event]], None]]:
    """Give what writes events, and the saves that are due after them; only rank 0 writes."""
    ranks = trainer.ranks
    if ranks.rank:
        yield lambda happened: None
        return
    if lock is not None:
        lock.settle()
    check = lock.check if lock is not None else lambda: None
    writer = PatientWriter(run, trainer, commands.is_stop_requested, ranks.keep_waiting, check)
    with contextlib.ExitStack() as cleanup:
        machine = _machine_sampler(trainer.device, ranks)
        cleanup.callback(machine.stop)
        recorder = Recorder(run, trainer, writer, take_machine=machine.take)
        recorder.begin(images)
        tensorboard = None
        if trainer.config.tensorboard:
            tensorboard = TensorBoardFiles(run, trainer, images)
            cleanup.callback(tensorboard.close)

        def record(happened: list[Event]) -> None:
            if tensorboard:
                tensorboard.record(happened)
            # Reset first: another save may be requested while this one waits for the disk.
            save, commands.save_requested = commands.save_requested, False
            recorder.record(happened, save=save)

        yield record


def _machine_sampler(device: torch.device, ranks: Ranks) -> MachineSampler:
    """Return what measures this machine and the GPUs of the run's processes on it."""
    is_alone, local = ranks.size == 1, range(ranks.local_size)
    uuids = gpu_uuids([device] if is_alone else [torch.device(device.type, n) for n in local])
    return MachineSampler(lambda: machine_measure(uuids, is_alone=is_alone))


def plan_for(run: Run, config: RunConfig, device: torch.device) -> StepPlan:
    """Return how steps are computed: as when the run began on this kind of device.

    So a resumed run computes as before on another processor, or with a version that would choose
    differently.
    """
    with contextlib.suppress(OSError, ValueError), run.events.open("rb") as file:
        match events.decode(file.readline(_LARGEST_RECORD)):
            case RunStarted(
                device=began_on, precision="fp32" | "tf32" | "bf16" as precision, gradient=gradient
            ) if began_on.split(":")[0] == device.type:
                plan = choose_plan(
                    precision if config.precision == "auto" else config.precision,
                    device,
                    architecture=config.architecture,
                )
                if gradient not in (AUTOGRAD, HANDWRITTEN):  # older versions recorded none
                    gradient = HANDWRITTEN if device.type == "cpu" else AUTOGRAD
                return replace(plan, gradient=gradient)
    return choose_plan(config.precision, device, architecture=config.architecture)


def failure_in_words(error: Exception) -> str:
    """Return one line for a user that says what made the trainer fail."""
    if isinstance(error, VaeTuiError):
        return str(error)
    # torch's CPU allocator raises a plain RuntimeError.
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "allocate memory" in str(error):
        return "out of memory on the device; a smaller --batch-size or --hidden needs less"
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"


def device_for(config: RunConfig, ranks: Ranks) -> str:
    """Return this rank's device; with several ranks, each has its own GPU."""
    if ranks.size == 1:
        return config.device
    if config.device.startswith("cuda:"):
        raise UsageError(
            f"--device {config.device} with --nproc {ranks.size}: each process needs its own GPU; "
            "use --device cuda"
        )
    if config.device not in ("auto", "cuda") or not torch.cuda.is_available():
        return config.device
    found, nproc = torch.cuda.device_count(), ranks.local_size
    if found == 1 and ranks.is_task_of_srun:  # srun shows each task the GPU that it is bound to
        return "cuda:0"
    if found < nproc:
        raise UsageError(
            f"{nproc} processes on {host_name()}: torch finds {found} CUDA devices there; "
            f"use --nproc {found}"
        )
    return f"cuda:{ranks.local_rank}"
