"""Takes a run's lock for a trainer, and keeps it: sends heartbeats, checks that it is still ours.

A trainer locks ``trainer.lock`` and, so that removing this file frees nothing, the run's folder
too. Where locks do not reach other machines, the record in the file decides: the newest of several
that take the lock at once wins, and every other finds that out before it writes to the run.
"""

import contextlib
import dataclasses
import fcntl
import os
import secrets
import threading
import time
from pathlib import Path

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.lock import record as records
from vae_tui.run.lock.holder import (
    HEARTBEAT_SECONDS,
    LOCK_NAME,
    Holder,
    holder_of,
    is_alive,
    is_folder_locked,
)
from vae_tui.run.lock.machine import flock, host_name, machine_id
from vae_tui.run.lock.record import LockRecord
from vae_tui.run.untrusted import open_own

_ATTEMPTS, _ATTEMPT_SECONDS = 20, 0.01
"""Processes that check a lock hold it for a moment."""
_SETTLE_SECONDS = 0.5
"""From taking a lock to the first use: the records of others that took it too are visible then."""
_VERIFY_SECONDS = 5 * HEARTBEAT_SECONDS
"""A lock whose heartbeats were missing for longer is verified before the run is written to."""


class Held(UsageError):
    """Another trainer holds the lock."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("the run is live")
        self.holder = holder or Holder()


class LockLost(VaeTuiError):
    """Another trainer has taken the lock: this one must not write to the run any more."""


def new_token() -> str:
    """Return a value that shows later who has taken a lock."""
    return secrets.token_hex(8)


def take(folder: Path, token: str, *, force: bool = False) -> int:
    """Lock the run in ``folder`` and write this process into its record; return the descriptor.

    ``force`` takes the lock from a trainer whose heartbeat is fresh, but not from one that holds
    it on this machine. Raises `Held`, or OSError if the lock cannot be written.
    """
    for _ in range(_ATTEMPTS):
        descriptor = open_own(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT)
        try:
            if _is_blocked(descriptor):
                raise Held(holder_of(folder))
            if not _is_at(descriptor, folder / LOCK_NAME):  # removed or replaced meanwhile
                os.close(descriptor)
                continue
            if is_folder_locked(folder):
                raise Held(holder_of(folder))
            _check(descriptor, folder, force=force)
            _claim(descriptor, token)
            return descriptor
        except BaseException:
            os.close(descriptor)
            raise
    raise Held(holder_of(folder))


def update(descriptor: int, expected: str, /, **changes: object) -> None:
    """Change fields of the record, if the lock is still the one taken with the token; OSError."""
    found = records.read(descriptor)
    if found is not None and found.token == expected:
        records.write(descriptor, dataclasses.replace(found, **changes))  # type: ignore[arg-type]


class RunLock:
    """A trainer's hold on its run: it renews the heartbeat in a thread until it is released.

    ``descriptor`` and ``token`` are those of a lock taken by `take`, here or in the process that
    started this one. ``agent`` is the process that starts this one again if it fails: until it has,
    no other trainer gets the lock. ``job`` is torchrun's id of the job.
    """

    def __init__(
        self, folder: Path, descriptor: int, token: str, agent: int = 0, job: str = ""
    ) -> None:
        """Lock the folder too; `Held` if another trainer has either; OSError."""
        self._descriptor = descriptor
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        by_descriptor = Path(f"/proc/self/fd/{self._folder}")
        self.folder = by_descriptor if by_descriptor.exists() else folder
        """The run's folder, on Linux by a path that stays right when it is renamed."""
        self._path = self.folder / LOCK_NAME
        found = records.read(descriptor)
        if found is None or found.token != token or _is_blocked(self._folder):
            raise Held(holder_of(folder))
        # Released by rank 0 before torchrun started it again.
        self._record = dataclasses.replace(
            found, pid=os.getpid(), released=False, agent=agent, job=job
        )
        self._lost = ""
        self._taken_at = self._verified_at = time.monotonic()
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self.beat()
        self._thread = threading.Thread(target=self._keep_beating, daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """Renew the heartbeat; notice whether the lock file was removed, or taken by another."""
        with self._mutex, contextlib.suppress(OSError):  # a full or missing disk: try again later
            if not self._ended.is_set():
                self._verify()
                if not self._lost:
                    beat = records.write(self._descriptor, self._record)
                    self._record = dataclasses.replace(self._record, beat=beat)
                    self._verified_at = time.monotonic()

    def settle(self) -> None:
        """Wait until no other process can still take the same lock unseen; then `check`."""
        time.sleep(max(0.0, self._taken_at + _SETTLE_SECONDS - time.monotonic()))
        self.beat()
        self.check()

    def check(self) -> None:
        """Raise `LockLost` if the run is another trainer's now; to be called before each write."""
        if time.monotonic() - self._verified_at > _VERIFY_SECONDS:  # after a SIGSTOP, for example
            self.beat()
        if self._lost:
            raise LockLost(self._lost)

    def release(self) -> None:
        """Write that the trainer has ended. The lock itself is freed when its processes end."""
        with self._mutex, contextlib.suppress(OSError):
            self._ended.set()
            if not self._lost:
                records.write(self._descriptor, dataclasses.replace(self._record, released=True))

    def close(self) -> None:
        """Free the lock, unless other processes have inherited it."""
        os.close(self._descriptor)
        os.close(self._folder)

    def _keep_beating(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            self.beat()

    def _verify(self) -> None:
        if not _is_at(self._descriptor, self._path):
            self._create_again()
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)  # opened anew: NFS revalidates
        try:
            found = records.read(descriptor)
        finally:
            os.close(descriptor)
        if found is not None and found.token not in ("", self._record.token):
            where = f"pid {found.pid} on {found.host}"
            self._lost = f"another trainer ({where}) has taken over the run: this one ends"

    def _create_again(self) -> None:
        """Create the lock file that was removed; another that starts is refused by the folder."""
        descriptor = open_own(self._path, os.O_RDWR | os.O_CREAT)
        try:
            flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError:  # no locks here
            pass
        os.close(self._descriptor)
        self._descriptor = descriptor


def _is_blocked(descriptor: int) -> bool:
    """Lock a file or folder; return whether another process has locked it, not just for a check."""
    for _ in range(_ATTEMPTS):
        try:
            flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            time.sleep(_ATTEMPT_SECONDS)
        except OSError:  # no locks here: the record decides
            return False
    return True


def _check(descriptor: int, folder: Path, *, force: bool) -> None:
    found = records.read(descriptor)
    if found is not None and not force:
        modified = os.fstat(descriptor).st_mtime
        if _is_started_again(found):
            found = dataclasses.replace(found, agent=0)
        if is_alive(folder, found, modified):
            raise Held(Holder(found.pid, found.host, found.machine == machine_id(), found.started))


def _is_started_again(found: LockRecord | None) -> bool:
    """Return whether torchrun starts this process in place of the one that wrote the record."""
    return found is not None and found.agent == os.getppid()


def _claim(descriptor: int, token: str) -> None:
    """Write this process into the record."""
    os.utime(descriptor)
    now = os.fstat(descriptor).st_mtime
    claim = LockRecord(pid=os.getpid(), host=host_name(), machine=machine_id(), token=token)
    records.write(descriptor, dataclasses.replace(claim, started=now, beat=now))


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether the descriptor is of the file that is at ``path`` now."""
    ours = os.fstat(descriptor)
    with contextlib.suppress(FileNotFoundError):
        there = path.stat()
        return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
    return False
