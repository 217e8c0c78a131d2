"""Starts a run's trainer and steers it.

A trainer is a fresh interpreter in its own session, or torchrun for several processes.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run
from vae_tui.run.untrusted import open_own

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_MOST_PROCESSES_A_CORE = 8
"""Limit, because a config from elsewhere may request a thousand."""
_RANK_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK")


def start(run: Run, config: RunConfig) -> int:
    """Start the run's trainer, from its last save if there is one; return its process id.

    The trainer outlives this process, the terminal and the connection. It inherits the run's lock,
    which is taken here, so that no second trainer can start in between.

    Raises:
        UsageError: The run is live already, or its config has too many processes.
        VaeTuiError: The folder cannot be written, or no process can be started.
    """
    if config.nproc > _MOST_PROCESSES_A_CORE * (os.cpu_count() or 1):
        raise UsageError(
            f"{run.name} has {config.nproc} processes, far more than {os.cpu_count()} cores can "
            f"run: change nproc in {run.path / 'config.json'}"
        )
    lock = run.take_lock()
    try:
        with os.fdopen(open_own(run.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as log:
            _block_signals(config, signal.SIG_BLOCK)
            try:
                process = subprocess.Popen(
                    _command_line(run, config, lock),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(lock,),
                    env=environment(config),
                )
            finally:
                _block_signals(config, signal.SIG_UNBLOCK)
        run.write_pid(lock, process.pid)
    except OSError as error:
        why = f"{error.filename} {error.strerror}" if error.filename else error.strerror
        raise VaeTuiError(f"no trainer can be started in {run.path}: {why}") from None
    finally:
        os.close(lock)
    return process.pid


@dataclass(frozen=True, slots=True)
class RunSteering:
    """Steers a run: sends commands to its live trainer, or starts one from the last save."""

    run: Run
    config: RunConfig

    def send(self, command: Command) -> None:
        """Send a command to the live trainer; VaeTuiError when it cannot be written."""
        self.run.send(command)

    def restart(self, **settings: float) -> None:
        """Start a trainer from the last save, with new ``settings`` (beta, lr, epochs) if any.

        UsageError for a live run or a damaged config; VaeTuiError without a save to start from.
        """
        if self.run.weights.exists() and not self.run.trainer_state.exists():
            raise VaeTuiError(
                f"{self.run.trainer_state} is missing: {self.run.name} cannot be resumed; "
                "start a new run"
            )
        self.run.config()  # the trainer reads the file itself: a fallback config is not enough
        start(self.run, self.config)
        for name, value in settings.items():
            self.run.send(Command(command="set", setting=name, value=value))


def importing_environment() -> dict[str, str]:
    """Return an environment in which a child process imports this package, installed or not."""
    paths = [_PACKAGE_PARENT, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def environment(config: RunConfig) -> dict[str, str]:
    """Return a trainer's environment."""
    variables = importing_environment()
    if "OMP_WAIT_POLICY" not in variables:
        # Threads that sleep as soon as they wait for each other are woken 50 times a step, which
        # halves the speed on an idle machine. This spins a third of a millisecond (GNU OpenMP).
        variables.setdefault("GOMP_SPINCOUNT", "10000")
    if not _is_exported("OPENBLAS_NUM_THREADS"):
        # The screen sets it for its own numpy; a trainer gets the threads that a shell would give.
        variables.pop("OPENBLAS_NUM_THREADS", None)
    if config.nproc == 1:
        # Set by the job that this runs in: a single trainer would wait for ranks that never join.
        for name in _RANK_VARIABLES:
            variables.pop(name, None)
    return variables


def _command_line(run: Run, config: RunConfig, lock: int) -> list[str]:
    torchrun = ("torch.distributed.run", "--standalone", f"--nproc-per-node={config.nproc}", "-m")
    # Commands that were sent to an earlier trainer are skipped.
    has_earlier = run.events.exists() and run.commands.exists()
    already_sent = run.commands.stat().st_size if has_earlier else 0
    return [
        *(sys.executable, "-P", "-m"),
        *(torchrun if config.nproc > 1 else ()),
        *("vae_tui.worker", str(run.path), "--lock-fd", str(lock)),
        *(f"--data-dir={config.data_dir}", "--commands-from", str(already_sent)),
    ]


def _block_signals(config: RunConfig, how: int) -> None:
    """Block signals, or unblock them, so that none is lost while the trainer imports torch.

    The trainer unblocks them when it can save. torchrun would not, so for it nothing is blocked.
    """
    if config.nproc == 1:
        signal.pthread_sigmask(how, {signal.SIGTERM, signal.SIGINT})


def _is_exported(name: str) -> bool:
    """Return whether this process inherited the variable, rather than set it itself."""
    try:
        inherited = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:  # not Linux: unknown
        return True
    return any(variable.startswith(f"{name}=".encode()) for variable in inherited)
