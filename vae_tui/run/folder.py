"""A run's folder: its files, its lock, and whether a trainer is live. It connects processes."""

import contextlib
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
from vae_tui.run.lock import run_lock
from vae_tui.run.lock.holder import LOCK_NAME, Holder, holder_of, trains
from vae_tui.run.lock.run_lock import RunLock
from vae_tui.run.untrusted import open_regular, read_bounded

LARGEST_CONFIG = 1 << 20
"""Bytes; a larger one was not written by this program."""

_LARGEST_EVENT = 1 << 16
"""Bytes."""
_START_SECONDS = 1.0
"""Time for a process that has taken the lock to start the trainer and write its pid."""
_MOST_ENTRIES = 10_000
"""Limit for reading the history folder, twice a second; a trainer keeps 64 files there."""
_HISTORY_FILE = re.compile(r"\d{1,15}\.safetensors")


class _Inside:
    """A path in a run's folder, by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, run: "Run", _: object) -> Path:
        return run.inside / self._name


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder and the names of the files in it."""

    path: Path
    opened: Path | None = None
    """Another path of the folder, which follows a new name: a trainer has one."""

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
    lock = _Inside(LOCK_NAME)
    """Locked by a live trainer; holds its pid, its machine and a heartbeat."""

    @property
    def inside(self) -> Path:
        """The folder as its files are opened: by its path, unless it has been renamed."""
        return self.opened if self.opened is not None and self.is_renamed() else self.path

    def is_renamed(self) -> bool:
        """Return whether the folder exists, but no longer at its path."""
        if self.opened is None or not self.opened.stat().st_nlink:
            return False
        with contextlib.suppress(OSError):
            return not self.path.samefile(self.opened)
        return True

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

    def holder(self) -> Holder | None:
        """Return the trainer that holds the run's lock, on whichever machine; None without one."""
        return holder_of(self.path)

    def is_live(self) -> bool:
        """Return whether a trainer holds the run's lock, or may hold it."""
        holder = self.holder()
        return holder is not None and (holder.is_certain or not self._says_ended())

    def pid(self) -> int | None:
        """Return the process id of the live trainer, on its machine; None if unknown."""
        holder = self.holder()
        return holder.pid if holder else None

    def trains_here(self, pid: int) -> bool:
        """Return whether ``pid`` is a trainer of this run on this machine.

        The lock may be held over a network file system: then the pid is another machine's.
        """
        return trains(pid, self.path)

    def take_lock(self, token: str = "", *, force: bool = False) -> int:
        """Lock the run for a trainer and return the descriptor that holds the lock.

        ``token`` is for the `RunLock` of the trainer; ``force`` ignores a heartbeat from another
        machine. UsageError when a trainer is live; VaeTuiError when the folder cannot be written.
        """
        try:
            return run_lock.take(self.path, token or run_lock.new_token(), force=force)
        except run_lock.Held as held:
            raise self._refusal(self._trainer(held.holder)) from None
        except OSError as error:
            holder = self.holder()
            if holder is not None and not holder.is_certain:
                raise self._refusal(holder) from None
            at = "" if error.filename in (None, str(self.path)) else f" ({error.filename})"
            raise VaeTuiError(f"{self.path} cannot be written: {reason(error)}{at}") from None

    def hold_lock(self, descriptor: int, token: str, agent: int = 0, job: str = "") -> RunLock:
        """Keep the lock that `take_lock` took with ``token``, as a `RunLock`; the same errors."""
        try:
            return RunLock(self.path, descriptor, token, agent, job)
        except run_lock.Held as held:
            raise self._refusal(held.holder) from None
        except OSError as error:
            raise VaeTuiError(f"{self.lock} cannot be written: {reason(error)}") from None

    def events_size(self) -> int:
        """Return the bytes of the events so far, which is where the next one begins."""
        try:
            return self.events.stat().st_size
        except OSError:
            return 0

    def _says_ended(self) -> bool:
        """Return whether the newest event is the end of a trainer."""
        with contextlib.suppress(OSError), open_regular(self.events) as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _LARGEST_EVENT, 0))
            return b'"run_ended"' in file.read().rstrip().rpartition(b"\n")[2][:40]
        return False

    def _trainer(self, holder: Holder) -> Holder:
        """Return the lock's holder, once it is the trainer and not the process that starts it."""
        deadline = time.monotonic() + _START_SECONDS
        while holder.is_here and holder.pid and not trains(holder.pid, self.path):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
            holder = self.holder() or holder
        return holder

    def _refusal(self, holder: Holder) -> UsageError:
        where = f" on {holder.host}" if holder.host else ""
        pid = f" (pid {holder.pid})" if holder.pid is not None else ""
        watch = f"watch it with: vae-tui attach {self.reference()}"
        if not holder.is_certain:
            return UsageError(
                f"{self.name} may be live: {self.lock} may not be read by this user; {watch}"
            )
        return UsageError(f"{self.name} is live{where}{pid}; {watch}")

    def send(self, command: Command) -> None:
        """Send a command to the trainer; VaeTuiError when it cannot be written."""
        try:
            append(self.commands, encode_command(command))
        except OSError as error:
            raise VaeTuiError(f"{self.commands} cannot be written: {reason(error)}") from None


def reason(error: Exception) -> str:
    """Return what went wrong, without errno and path."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
