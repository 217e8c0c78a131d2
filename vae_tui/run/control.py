"""Starts a run's trainer and steers it.

A trainer is a fresh interpreter in its own session, or torchrun for several processes.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run import commands, events
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.events import CommandRefused, SettingChanged
from vae_tui.run.files import read_lines
from vae_tui.run.folder import Run
from vae_tui.run.lock.record import read
from vae_tui.run.lock.run_lock import new_token, update
from vae_tui.run.untrusted import open_own

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_MOST_PROCESSES_A_CORE = 8
"""Limit, because a config from elsewhere may request a thousand."""
TRAINER_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)
"""Signals at which a trainer saves and ends."""
_SINGLE_PROCESS = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}


def start(
    run: Run, config: RunConfig, requests: Sequence[Command] = (), *, force: bool = False
) -> int:
    """Start the run's trainer, from its last save if there is one; return its process id.

    It carries out the `pending_settings` and then ``requests`` before its first step. It outlives
    this process, the terminal and the connection. It inherits the run's lock, which is taken here,
    so that no second trainer can start in between. ``force`` is as for `Run.take_lock`.

    Raises:
        UsageError: The run is live already, or its config has too many processes.
        VaeTuiError: The folder cannot be written, or no process can be started.
    """
    if config.nproc > _MOST_PROCESSES_A_CORE * (os.cpu_count() or 1):
        raise UsageError(
            f"{run.name} has {config.nproc} processes, far more than {os.cpu_count()} cores can "
            f"run: change nproc in {run.path / 'config.json'}"
        )
    token = new_token()
    lock = run.take_lock(token, force=force)
    try:
        with os.fdopen(open_own(run.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as log:
            options = (f"--lock-token={token}", f"--data-dir={config.data_dir}")
            begin = f"--commands-from={prepare_commands(run, requests)}"
            _block_signals(config, signal.SIG_BLOCK)
            try:
                process = subprocess.Popen(
                    [*_command_line(run, config, lock), *options, begin],
                    # torchrun passes no other descriptor on to its processes.
                    stdin=subprocess.DEVNULL if config.nproc == 1 else lock,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(lock,) if config.nproc == 1 else (),
                    env=environment(config),
                )
            finally:
                _block_signals(config, signal.SIG_UNBLOCK)
        _write_pid(lock, token, process.pid)
    except OSError as error:
        with contextlib.suppress(OSError):
            update(lock, token, released=True)
        why = f"{error.filename} {error.strerror}" if error.filename else error.strerror
        raise VaeTuiError(f"no trainer can be started in {run.path}: {why}") from None
    finally:
        os.close(lock)
    return process.pid


def prepare_commands(run: Run, requests: Sequence[Command] = ()) -> int:
    """Send a new trainer its `pending_settings` and ``requests``; return where it begins to read.

    That is an offset in bytes: commands that were sent to an earlier trainer are skipped.
    """
    is_first = not (run.events.exists() and run.commands.exists())
    already_sent = 0 if is_first else run.commands.stat().st_size
    for command in (*(() if is_first else pending_settings(run)), *requests):
        run.send(command)
    return already_sent


@dataclass(frozen=True, slots=True)
class RunSteering:
    """Steers a run: sends commands to its live trainer, or starts one from the last save."""

    run: Run
    config: RunConfig
    force: bool = False
    """Start one although the heartbeat of a trainer on another machine is fresh."""
    adapt: Callable[[RunConfig], RunConfig] = lambda config: config
    """Returns the config for this machine; VaeTuiError if it lacks something to train with."""

    def send(self, command: Command) -> None:
        """Send a command to the live trainer; VaeTuiError when it cannot be written."""
        self.run.send(command)

    def waiting(self) -> Mapping[str, float]:
        """Return the settings (beta, lr, epochs) that wait for the next trainer."""
        return {one.setting: one.value for one in pending_settings(self.run)}

    def check_restart(self) -> RunConfig:
        """Return the config with which a trainer can be started from the last save.

        UsageError for a damaged config; VaeTuiError without a save to start from, or if this
        machine lacks what the run needs.
        """
        if self.run.weights.exists() and not self.run.trainer_state.exists():
            raise VaeTuiError(
                f"{self.run.trainer_state} is missing: {self.run.name} cannot be resumed; "
                "start a new run"
            )
        self.run.config()  # the trainer reads the file itself: a fallback config is not enough
        return self.adapt(self.config)

    def restart(self, **settings: float) -> None:
        """Start a trainer from the last save, with new ``settings`` (beta, lr, epochs) if any.

        Raises what `check_restart` does, and UsageError for a live run.
        """
        start(self.run, self.check_restart(), _set_commands(settings), force=self.force)


def change_settings(run: Run, settings: Mapping[str, float]) -> list[Command]:
    """Request new values of beta, lr or epochs; return the commands, whose ids the answers carry.

    A live trainer applies them at once; for a run that is not live they are the
    `pending_settings` of its next resume. UsageError before anything is sent if one is invalid.
    """
    requests = _set_commands(settings)
    for command in requests:
        commands.check(command)
    for command in requests:
        run.send(command)
    return requests


def pending_settings(run: Run) -> list[Command]:
    """Return the ``set`` commands that no trainer has answered, in order: the next applies them."""
    sent: list[Command] = []
    answered: set[str] = set()
    with contextlib.suppress(OSError):
        for line in read_lines(run.commands):
            with contextlib.suppress(ValueError):
                sent.append(commands.decode(line))
        sent = [command for command in sent if command.command == "set" and command.id]
        for line in read_lines(run.events) if sent else ():
            if b'"command_id"' in line:
                with contextlib.suppress(ValueError):
                    match events.decode(line):
                        case SettingChanged(command_id=answer) | CommandRefused(command_id=answer):
                            answered.add(answer)
    # Commands are answered in order: one before an answered one has been superseded by it.
    newest = max((number for number, one in enumerate(sent, 1) if one.id in answered), default=0)
    return list({command.id: command for command in sent[newest:]}.values())


def _set_commands(settings: Mapping[str, float]) -> list[Command]:
    return [Command(command="set", setting=name, value=value) for name, value in settings.items()]


def importing_environment() -> dict[str, str]:
    """Return an environment in which a child process imports this package, installed or not."""
    paths = [_PACKAGE_PARENT, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def become_trainer(run: Run, config: RunConfig) -> NoReturn:
    """Replace this process, which srun or torchrun started, by a process of the run's trainer."""
    signal.pthread_sigmask(signal.SIG_BLOCK, TRAINER_SIGNALS)  # the trainer unblocks them
    options = ("-P", "-m", "vae_tui.worker", str(run.path), f"--data-dir={config.data_dir}")
    os.execve(sys.executable, [sys.executable, *options], _environment())


def environment(config: RunConfig) -> dict[str, str]:
    """Return the environment of a trainer that this process starts."""
    # The job that this runs in may have set others, or srun its own: a single trainer would wait
    # for ranks that never join.
    return {**_environment(), **(_SINGLE_PROCESS if config.nproc == 1 else {})}


def _environment() -> dict[str, str]:
    variables = importing_environment()
    if "OMP_WAIT_POLICY" not in variables:
        # Threads that sleep as soon as they wait for each other are woken 50 times a step, which
        # halves the speed on an idle machine. This spins a third of a millisecond (GNU OpenMP).
        variables.setdefault("GOMP_SPINCOUNT", "10000")
    if not _is_exported("OPENBLAS_NUM_THREADS"):
        # The screen sets it for its own numpy; a trainer gets the threads that a shell would give.
        variables.pop("OPENBLAS_NUM_THREADS", None)
    return variables


def _command_line(run: Run, config: RunConfig, lock: int) -> list[str]:
    torchrun = ("torch.distributed.run", "--standalone", f"--nproc-per-node={config.nproc}", "-m")
    return [
        *(sys.executable, "-P", "-m"),
        *(torchrun if config.nproc > 1 else ()),
        *("vae_tui.worker", str(run.path), f"--lock-fd={lock if config.nproc == 1 else 0}"),
    ]


def _write_pid(lock: int, token: str, pid: int) -> None:
    """Write the trainer's process id into the lock's record, unless it has done so itself."""
    if (record := read(lock)) is not None and record.pid == os.getpid():
        update(lock, token, pid=pid)


def _block_signals(config: RunConfig, how: int) -> None:
    """Block signals, or unblock them, so that none is lost while the trainer imports torch.

    The trainer unblocks them when it can save. torchrun would not, so for it nothing is blocked.
    """
    if config.nproc == 1:
        signal.pthread_sigmask(how, TRAINER_SIGNALS)


def _is_exported(name: str) -> bool:
    """Return whether this process inherited the variable, rather than set it itself."""
    try:
        inherited = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:  # not Linux: unknown
        return True
    return any(variable.startswith(f"{name}=".encode()) for variable in inherited)
