"""A run's folder: its files, its lock, and whether a trainer is live. It connects processes."""

import contextlib
import fcntl
import itertools
import os
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.commands import Command
from vae_tui.run.commands import encode as encode_command
from vae_tui.run.config import RunConfig, from_json
from vae_tui.run.files import append
from vae_tui.run.untrusted import open_own, open_regular, read_bounded

LARGEST_CONFIG = 1 << 20
"""Bytes; a larger one was not written by this program."""

_MOST_ENTRIES = 10_000
"""Limit for reading the history folder, twice a second; a trainer keeps 64 files there."""
_PID_WIDTH = 20
_HISTORY_FILE = re.compile(r"\d{1,15}\.safetensors")


class _Inside:
    """A path in a run's folder, by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, run: "Run", _: object) -> Path:
        return run.path / self._name


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder and the names of the files in it."""

    path: Path

    events = _Inside("events.jsonl")
    """Facts, appended by the trainer."""
    commands = _Inside("commands.jsonl")
    """Requests, appended by screens and the shell."""
    weights = _Inside("weights.safetensors")
    """The newest weights."""
    best = _Inside("best.safetensors")
    """The weights of the best test loss."""
    trainer_state = _Inside("state.pt")
    """Everything that a resume needs."""
    history = _Inside("history")
    """The folder of the kept weights."""
    probe = _Inside("probe.safetensors")
    """Test images with labels."""
    log = _Inside("trainer.log")
    """What the trainer printed."""
    reserve = _Inside(".room")
    """Disk space for the last events, reserved while a trainer is live."""
    lock = _Inside("trainer.lock")
    """Locked by a live trainer; holds its pid."""

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    def reference(self, plain_runs_dir: Path | None = None) -> str:
        """Return what names the run in a shell command, quoted.

        Its name if it lies in ``plain_runs_dir``, the folder of a command without --runs-dir; else
        its path.
        """
        plain = plain_runs_dir is not None and self.path.parent == plain_runs_dir.absolute()
        return shlex.quote(self.name if plain and self.name[0] != "-" else str(self.path))

    def config(self) -> RunConfig:
        """Read ``config.json``; UsageError names the file and what is wrong with it."""
        path = self.path / "config.json"
        try:
            return from_json(read_bounded(path, LARGEST_CONFIG).decode("utf-8"))
        except (OSError, ValueError, UsageError) as error:
            raise UsageError(f"{path} cannot be read: {reason(error)}") from None

    def kept_steps(self) -> list[int]:
        """Return the steps whose weights are kept in ``history``, ascending."""
        with contextlib.suppress(OSError):
            with os.scandir(self.history) as entries:
                names = [entry.name for entry in itertools.islice(entries, _MOST_ENTRIES)]
            return sorted(int(name[:-12]) for name in names if _HISTORY_FILE.fullmatch(name))
        return []

    def kept_weights(self, step: int) -> Path:
        """Return the path of the weights kept at ``step``."""
        return self.history / f"{step}.safetensors"

    def is_live(self) -> bool:
        """Return whether a trainer holds the run's lock."""
        try:
            with open_regular(self.lock) as lock:
                # Shared: two processes that check at once must not take each other for a trainer.
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:  # others: no lock file yet, or a file system without locks
            return isinstance(error, BlockingIOError)
        return False

    def pid(self) -> int | None:
        """Return the process id of the live trainer."""
        with contextlib.suppress(OSError, ValueError):
            if self.is_live():
                with open_regular(self.lock) as lock:
                    return int(lock.read(_PID_WIDTH))
        return None

    def trains_here(self, pid: int) -> bool:
        """Return whether ``pid`` is a trainer of this run on this machine.

        The lock may be held over a network file system: then the pid is another machine's.
        """
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.path) in words

    def take_lock(self) -> int:
        """Lock the run for a trainer and return the descriptor that holds the lock.

        UsageError when a trainer is live; VaeTuiError when the folder cannot be written.
        """
        try:
            lock = open_own(self.lock, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise VaeTuiError(f"{self.path} cannot be written: {reason(error)}") from None
        for attempt in range(20):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_size:
                    os.pwrite(lock, b" " * _PID_WIDTH, 0)  # erase the pid of an earlier trainer
                return lock
            except BlockingIOError:  # a trainer, or a process that checks the lock for a moment
                if attempt == 0 and self.pid() is not None:
                    break
                time.sleep(0.01)
            except OSError as error:
                os.close(lock)
                raise VaeTuiError(f"{self.lock} cannot be locked: {reason(error)}") from None
        os.close(lock)
        raise UsageError(
            f"{self.name} is live (pid {self.pid()}); watch it with: "
            f"vae-tui attach {self.reference()}"
        )

    @staticmethod
    def write_pid(lock: int, pid: int) -> None:
        """Write a trainer's process id into its lock file, given the descriptor; OSError."""
        os.pwrite(lock, f"{pid:<{_PID_WIDTH}}\n".encode(), 0)

    def send(self, command: Command) -> None:
        """Send a command to the trainer; VaeTuiError when it cannot be written."""
        try:
            append(self.commands, encode_command(command))
        except OSError as error:
            raise VaeTuiError(f"{self.commands} cannot be written: {reason(error)}") from None


def reason(error: Exception) -> str:
    """Return what went wrong, without errno and path."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
