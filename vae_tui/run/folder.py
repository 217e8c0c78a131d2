"""The run folder: create, find, append, tail, is it alive. It alone connects processes."""

import contextlib
import fcntl
import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.commands import Command
from vae_tui.run.commands import encode as encode_command
from vae_tui.run.config import RunConfig, from_json, to_json
from vae_tui.run.files import append, replace
from vae_tui.run.untrusted import open_own, open_regular, read_bounded
from vae_tui.run.versions import provenance

LARGEST_CONFIG = 1 << 20
"""Bytes; one that is larger was not written by this program."""

_MOST_ENTRIES = 10_000
"""Of the history's folder, looked at twice a second; a trainer keeps 64."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]{0,99}")
_PID_WIDTH = 20
_HISTORY_FILE = re.compile(r"\d{1,15}\.safetensors")


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder and the names of the files in it."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    @property
    def events(self) -> Path:
        """Facts, appended by the trainer."""
        return self.path / "events.jsonl"

    @property
    def commands(self) -> Path:
        """Requests, appended by screens and the shell."""
        return self.path / "commands.jsonl"

    @property
    def weights(self) -> Path:
        """The newest weights."""
        return self.path / "weights.safetensors"

    @property
    def best(self) -> Path:
        """The weights of the best test loss."""
        return self.path / "best.safetensors"

    @property
    def state(self) -> Path:
        """All that a resume needs."""
        return self.path / "state.pt"

    @property
    def history(self) -> Path:
        """The folder of the weights that are kept."""
        return self.path / "history"

    @property
    def probe(self) -> Path:
        """Test images with labels."""
        return self.path / "probe.safetensors"

    @property
    def log(self) -> Path:
        """What the trainer printed."""
        return self.path / "trainer.log"

    @property
    def reserve(self) -> Path:
        """Room for the last words, while a trainer is live."""
        return self.path / ".room"

    @property
    def lock(self) -> Path:
        """Locked by a live trainer, whose pid it holds."""
        return self.path / "trainer.lock"

    def config(self) -> RunConfig:
        """Read ``config.json``; UsageError names the file and what is wrong with it."""
        path = self.path / "config.json"
        try:
            return from_json(read_bounded(path, LARGEST_CONFIG).decode("utf-8"))
        except (OSError, ValueError, UsageError) as error:
            raise UsageError(f"{path} cannot be read: {_reason(error)}") from None

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
        """Tell whether a trainer holds the run's lock."""
        try:
            with open_regular(self.lock) as lock:
                # Shared: two askers must not take each other for a trainer.
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # no trainer yet, or a file system without locks
            return False
        return False

    def pid(self) -> int | None:
        """Return the process id of the live trainer."""
        try:
            if not self.is_live():
                return None
            with open_regular(self.lock) as lock:
                return int(lock.read(_PID_WIDTH))
        except (OSError, ValueError):
            return None

    def trains_here(self, pid: int) -> bool:
        """Tell whether this process of this machine is a trainer of this run.

        The lock may be held over a network: then the pid is another machine's.
        """
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.path) in words

    def take_lock(self) -> int:
        """Lock the run for a trainer and return the descriptor that holds the lock.

        Raises:
            UsageError: A trainer is live; its pid and how to attach are named.
            VaeTuiError: The folder cannot be written.
        """
        try:
            lock = open_own(self.lock, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise VaeTuiError(f"{self.path} cannot be written: {_reason(error)}") from None
        for attempt in range(20):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_size:
                    os.pwrite(lock, b" " * _PID_WIDTH, 0)  # of an earlier trainer
                return lock
            except BlockingIOError:  # a trainer, or someone who only asks and lets go at once
                if attempt == 0 and self.pid() is not None:
                    break
                time.sleep(0.01)
            except OSError as error:
                os.close(lock)
                raise VaeTuiError(f"{self.lock} cannot be locked: {_reason(error)}") from None
        os.close(lock)
        raise UsageError(
            f"{self.name} is live (pid {self.pid()}); watch it with: vae-tui attach {self.path}"
        )

    def send(self, command: Command) -> None:
        """Ask something of the trainer; VaeTuiError when the request cannot be written."""
        try:
            append(self.commands, encode_command(command))
        except OSError as error:
            raise VaeTuiError(f"{self.commands} cannot be written: {_reason(error)}") from None


def create(runs_dir: Path, name: str | None, config: RunConfig) -> Run:
    """Make a run's folder with its ``config.json``.

    Raises:
        UsageError: The name is taken or cannot be a folder's name.
        VaeTuiError: The folder cannot be written.
    """
    check_name(name)
    try:
        runs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run = Run(_new_folder(runs_dir, name, config))
        try:
            replace(run.path / "config.json", to_json(config, **provenance()).encode())
        except OSError:
            run.path.rmdir()  # half a run would take the name
            raise
    except OSError as error:
        raise VaeTuiError(
            f"the runs folder {runs_dir} cannot be written: {_reason(error)}; "
            "give another with --runs-dir"
        ) from None
    return run


def check_name(name: str | None) -> None:
    """Raise UsageError unless a run can have this name."""
    if name is not None and not _NAME.fullmatch(name):
        raise UsageError(f"--name {name!r}: letters, digits and . _ + = - only, 100 at most")


def find(runs_dir: Path, wanted: str | None) -> Run:
    """Return the run of that name, unambiguous prefix or path; the newest when None.

    Raises:
        UsageError: There is none, or several match.
    """
    if wanted:
        for exact in (runs_dir / wanted, Path(wanted)):
            if holds_run(exact):
                return Run(exact.absolute())
    runs = all_runs(runs_dir)
    if not runs:
        what = f"no run {wanted!r}: " if wanted else ""
        raise UsageError(f"{what}no runs in {runs_dir}; start one with: vae-tui")
    if wanted is None:
        return runs[0]
    matching = [run for run in runs if run.name.startswith(wanted)]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(run.name for run in (matching or runs)[:5])
    if matching:
        raise UsageError(f"{wanted!r} could be {names}; give more letters")
    raise UsageError(f"no run {wanted!r} in {runs_dir}; there are {names}")


def all_runs(runs_dir: Path) -> list[Run]:
    """Return every run in the folder, newest first."""
    try:
        folders = [Path(entry.path).absolute() for entry in os.scandir(runs_dir)]
    except OSError:
        return []
    found = [folder for folder in folders if holds_run(folder)]
    return [Run(folder) for folder in sorted(found, key=_newness, reverse=True)]


def holds_run(folder: Path) -> bool:
    """Tell whether a folder holds a run, even a damaged one."""
    # A name too long, a NUL in it or somebody else's folder: not a run that can be opened.
    with contextlib.suppress(OSError, ValueError):
        return any((folder / name).is_file() for name in ("config.json", "events.jsonl"))
    return False


def _new_folder(runs_dir: Path, name: str | None, config: RunConfig) -> Path:
    if name is not None:
        folder = runs_dir / name
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            raise UsageError(
                f"--name {name}: {folder} exists; give another name, "
                f"or go on with it: vae-tui resume {folder}"
            ) from None
        return folder.absolute()
    base = f"{config.dataset}-{time.strftime('%m%d-%H%M')}"
    for number in range(1, 10_000):
        folder = runs_dir / (base if number == 1 else f"{base}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return folder.absolute()
    raise VaeTuiError(f"{runs_dir} has too many runs named {base}; give --name")


def _newness(folder: Path) -> float:
    # Of the config, which is written once: what happens in a run must not reorder the list.
    try:
        return (folder / "config.json").stat().st_mtime
    except OSError:
        return 0.0


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
