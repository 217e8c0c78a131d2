"""Downloads a missing data set, completely or not at all. Imports no torch.

A child process (``download_child.py``) downloads into a temporary folder beside the final one.
This side watches the files grow, kills the child when they stop growing, and moves them when they
are complete.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vae_tui.data.catalogue import DATASETS, Dataset, is_present, resolve
from vae_tui.errors import UsageError, VaeTuiError

CHILD = (sys.executable, "-m", "vae_tui.data.download_child")
"""Command of the child process; the data set's name and a folder follow."""

Progress = Callable[[int, int | None], None]
"""Called with the bytes downloaded so far and, where known, the total."""

_POLL_SECONDS = 0.1
_ARCHIVES = {".gz", ".zip"}
_OUT, _ERR = "child.out", "child.err"


def fetch(
    name: str,
    data_dir: Path,
    on_progress: Progress,
    *,
    offline: bool = False,
    connect_limit: float = 10.0,
    silence_limit: float = 30.0,
    child: Sequence[str] = CHILD,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Download the data set ``name`` into ``data_dir`` unless it is there.

    Args:
        data_dir: Created if it does not exist.
        on_progress: Called about ten times a second, and once when the download is complete.
        connect_limit: Timeout for the first byte, in seconds from the start of the connection.
        silence_limit: Timeout between two bytes, in seconds.
        clock: Monotonic clock, in seconds.

    Raises:
        UsageError: No data set has this name, or it is not there and ``offline`` is set.
        VaeTuiError: The download failed; no partial file is left.
    """
    name = resolve(name, data_dir)
    if is_present(name, data_dir):
        return
    dataset = DATASETS[name]
    raw_folder = dataset.raw_folder(data_dir.absolute())
    instead = f"`--dataset digits` needs no network, or put its files into {raw_folder}"
    if offline:
        raise UsageError(f"{dataset.title} is not here and --offline forbids fetching: {instead}")
    try:
        with _temporary_folder(raw_folder, data_dir.absolute()) as folder:
            with _running([*child, name, str(folder)], folder) as process:
                timeout = _Timeout(connect_limit, silence_limit, clock)
                _watch(process, folder, dataset, on_progress, timeout)
            _move_into_place(dataset.raw_folder(folder), raw_folder, dataset)
    except _Failed as error:
        raise VaeTuiError(f"cannot download {dataset.title}: {error}; {instead}") from error
    except OSError as error:
        reason = f"{error.filename or data_dir}: {error.strerror or error}"
        raise VaeTuiError(f"cannot download {dataset.title}: {reason}; {instead}") from error


class _Failed(Exception):
    """The reason for which the download failed."""


@dataclass(slots=True)
class _Timeout:
    """Two timeouts, both counted from the first ``check``."""

    connect_limit: float
    silence_limit: float
    clock: Callable[[], float]
    _sizes: dict[str, int] = field(default_factory=dict)
    _last_change: float | None = None

    def check(self, sizes: dict[str, int]) -> None:
        """Raise `_Failed` if no file has grown for too long since the last call that saw growth.

        Extracted files count too, because extraction takes a while.
        """
        now = self.clock()
        # An empty file is a response without a body; each mirror that is tried makes another.
        sizes = {name: size for name, size in sizes.items() if size}
        if self._last_change is None or sizes != self._sizes:
            self._sizes, self._last_change = sizes, now
        limit = self.silence_limit if sizes else self.connect_limit
        if now - self._last_change > limit:
            raise _Failed(f"no {'further ' if sizes else ''}byte arrived for {limit:g} s")


def _watch(
    process: subprocess.Popen[bytes],
    folder: Path,
    dataset: Dataset,
    on_progress: Progress,
    timeout: _Timeout,
) -> None:
    """Return when the child process has succeeded; `_Failed` if not, or after a timeout."""
    watched = dataset.raw_folder(folder)
    total = dataset.download_bytes
    while (status := _exit_status(process)) is None:
        sizes = _file_sizes(watched)
        arrived = _archive_bytes(sizes)
        on_progress(arrived, None if total is None or arrived > total else total)
        if (folder / _OUT).stat().st_size:  # the child prints before it connects
            timeout.check(sizes)
    if status != 0:
        # The last line of the child's output, without a progress bar before it.
        lines = re.split(r"[\r\n]+", (folder / _ERR).read_text(errors="replace").strip())
        raise _Failed(lines[-1].strip()[:500] or f"the child process ended with {status}")
    arrived = _archive_bytes(_file_sizes(watched))
    on_progress(arrived, arrived)


def _exit_status(process: subprocess.Popen[bytes]) -> int | None:
    """Return the child's exit status, or None after ``_POLL_SECONDS`` if it still runs."""
    try:
        return process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _file_sizes(folder: Path) -> dict[str, int]:
    try:
        return {entry.name: entry.stat().st_size for entry in os.scandir(folder)}
    except FileNotFoundError:  # not created yet, or a file was removed meanwhile
        return {}


def _archive_bytes(sizes: dict[str, int]) -> int:
    return sum(size for name, size in sizes.items() if Path(name).suffix in _ARCHIVES)


def _move_into_place(source: Path, target: Path, dataset: Dataset) -> None:
    """Move the four files, each synced to disk and then renamed atomically."""
    if missing := [file for file in dataset.files if not (source / file).is_file()]:
        raise _Failed(f"{missing[0]} is missing")
    target.mkdir(parents=True, exist_ok=True)
    for file in dataset.files:
        with (source / file).open("rb") as written:
            os.fsync(written.fileno())
        (source / file).replace(target / file)


@contextmanager
def _temporary_folder(raw_folder: Path, data_dir: Path) -> Iterator[Path]:
    """Yield a new folder on the file system of the final one; remove it afterwards."""
    data_dir.mkdir(parents=True, exist_ok=True)
    # A data set's folder may be a link to another disk, and files cannot be renamed across disks.
    beside = raw_folder if raw_folder.is_dir() else data_dir
    folder = tempfile.mkdtemp(prefix=".download-", dir=beside)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the child with its output in files of ``folder``; kill it when the block ends."""
    with (folder / _OUT).open("wb") as out, (folder / _ERR).open("wb") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # end of file when this process is gone
            stdout=out,
            stderr=err,
            cwd=Path(__file__).parents[2],  # `-m` searches it first, instead of the user's folder
            start_new_session=True,  # ctrl+c reaches only this process, which kills the child
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
