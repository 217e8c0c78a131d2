"""Who trains a run: found from its lock, the lock's record and its heartbeat."""

import fcntl
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vae_tui.run.lock.file_clock import file_system_time
from vae_tui.run.lock.machine import flock, machine_id
from vae_tui.run.lock.record import LockRecord, read
from vae_tui.run.untrusted import open_regular

LOCK_NAME = "trainer.lock"
HEARTBEAT_SECONDS = 2.0
"""Interval between the heartbeats of a trainer."""
LOST_SECONDS = 60.0
"""A trainer on another machine whose heartbeat is older is lost."""
_LOST_BY_OWN_CLOCK_SECONDS = 900.0
"""The same where the file system's clock cannot be read, and this machine's may be wrong."""
_ATTEMPTS, _ATTEMPT_SECONDS = 20, 0.01
"""To wait for the command line of a process that is just starting its program."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The trainer that holds a run's lock."""

    pid: int | None = None
    """Its process id on its machine; None if unknown."""
    host: str = ""
    """The name of its machine; empty if unknown."""
    is_here: bool = False
    """It is a process of this machine."""
    started: float = -math.inf
    """When it took the lock, Unix seconds by the file system's clock."""
    is_certain: bool = True
    """False if the lock may not be read: there may be a trainer or not."""
    job: str = ""
    """As `LockRecord.job`."""


def holder_of(folder: Path) -> Holder | None:
    """Return the trainer that holds the lock of the run in ``folder``; None if there is none."""
    record, modified = None, -math.inf
    try:
        with open_regular(folder / LOCK_NAME) as file:
            descriptor = file.fileno()
            record, modified = read(descriptor), os.fstat(descriptor).st_mtime
            if is_locked(descriptor):
                return _holder(record, modified)
    except PermissionError:
        return Holder(is_certain=False)
    except OSError:  # no lock file, or something else of its name
        pass
    if is_folder_locked(folder) or (record and is_alive(folder, record, modified)):
        return _holder(record, modified)
    return None


def is_alive(folder: Path, record: LockRecord, modified: float) -> bool:
    """Return whether the trainer of a record, whose lock seems free on this machine, is alive.

    On its own machine the lock says so, or a torchrun that is going to start it again. A trainer
    elsewhere, whose lock does not reach this machine, is alive while its heartbeat is fresh;
    ``modified`` is the lock file's time.
    """
    if record.released or not record.machine:
        return False
    if record.machine == machine_id():
        # On a file system without locks, the lock of a trainer seems free too.
        return trains(record.pid, folder) or _is_agent(record.agent)
    if modified - record.beat > LOST_SECONDS:  # a copy of the folder: not the time of a heartbeat
        return False
    now = file_system_time(folder)
    if now is None:
        return time.time() - modified < _LOST_BY_OWN_CLOCK_SECONDS
    return abs(now - modified) < LOST_SECONDS


def is_locked(descriptor: int) -> bool:
    """Return whether another process has locked the file or folder; then close the descriptor."""
    try:
        # Shared: two processes that check at once must not take each other for a trainer.
        flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:  # others: a file system without locks
        return isinstance(error, BlockingIOError)
    return False


def is_folder_locked(folder: Path) -> bool:
    """Return whether a trainer has locked the folder itself, as it does beside its lock file."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_locked(descriptor)
    finally:
        os.close(descriptor)


def trains(
    pid: int,
    folder: Path,
    *,
    processes: Path = Path("/proc"),
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Return whether the process ``pid`` of this machine is a trainer of the run in ``folder``."""
    process = processes / str(pid)
    try:
        words = _command_line(process, sleep).split(b"\0")
        if os.fsencode(folder.absolute()) in words:
            return True
        return b"vae_tui.worker" in words and (process / "cwd").samefile(folder)
    except OSError:
        return False


def _command_line(process: Path, sleep: Callable[[float], None]) -> bytes:
    """Return a process's command line; OSError for a process that has ended.

    It is empty for a moment after a launcher has started one: a busy machine makes that longer.
    """
    for _ in range(_ATTEMPTS):
        if line := (process / "cmdline").read_bytes():
            return line
        (process / "exe").readlink()  # OSError: it has ended, or is the kernel's own
        sleep(_ATTEMPT_SECONDS)
    return b""


def _is_agent(pid: int) -> bool:
    """Return whether the process ``pid`` of this machine is torchrun."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"torchrun" in line or b"torch.distributed" in line


def _holder(record: LockRecord | None, modified: float) -> Holder:
    if record is None:
        return Holder(started=modified)
    is_here = record.machine in ("", machine_id())
    started = record.started if math.isfinite(record.started) else modified
    return Holder(record.pid, record.host, is_here, started, job=record.job)
