"""Fetch a missing data set: whole and in its place, or not at all. Imports no torch.

A child process (``download_child.py``) downloads into a temporary folder beside the final one;
this side watches the bytes come, ends the child when they don't, and moves the whole files.
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
"""Command of the child; the data set's name and a folder follow."""

Progress = Callable[[int, int | None], None]
"""Told the bytes that have come and, where known, how many there will be."""

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
    """Download the data set ``name`` into ``data_dir``; do nothing if it is there.

    Args:
        name: A data set's name.
        data_dir: Created if need be.
        on_progress: Called about ten times a second, and once when all has come.
        offline: Refuse instead.
        connect_limit: Seconds until the first byte, not counting the child's own start.
        silence_limit: Seconds from one byte to the next.
        child: Command that downloads.
        clock: Seconds that only grow.

    Raises:
        UsageError: No data set has this name, or it is not there and ``offline`` is set.
        VaeTuiError: The download failed; nothing of it is left.
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
                patience = _Patience(connect_limit, silence_limit, clock)
                _watch(process, folder, dataset, on_progress, patience)
            _move_into_place(dataset.raw_folder(folder), raw_folder, dataset)
    except _Failed as error:
        raise VaeTuiError(f"cannot download {dataset.title}: {error}; {instead}") from error
    except OSError as error:
        reason = f"{error.filename or data_dir}: {error.strerror or error}"
        raise VaeTuiError(f"cannot download {dataset.title}: {reason}; {instead}") from error


class _Failed(Exception):
    """Why the child has not delivered, in words."""


@dataclass(slots=True)
class _Patience:
    """How long to wait for bytes; runs from the first ``check`` on."""

    connect_limit: float
    silence_limit: float
    clock: Callable[[], float]
    _sizes: dict[str, int] = field(default_factory=dict)
    _last_change: float | None = None

    def check(self, sizes: dict[str, int]) -> None:
        """Take note of the sizes of the files as they are now.

        Any file that grows is a sign of life: to extract one takes a while too.

        Raises:
            _Failed: They have been the same for too long.
        """
        now = self.clock()
        # An empty file is an answer without a byte, and each mirror's makes another.
        sizes = {name: size for name, size in sizes.items() if size}
        if self._last_change is None or sizes != self._sizes:
            self._sizes, self._last_change = sizes, now
        limit = self.silence_limit if sizes else self.connect_limit
        if now - self._last_change > limit:
            raise _Failed(f"no {'further ' if sizes else ''}byte came for {limit:g} s")


def _watch(
    process: subprocess.Popen[bytes],
    folder: Path,
    dataset: Dataset,
    on_progress: Progress,
    patience: _Patience,
) -> None:
    """Return when the child has ended well.

    Raises:
        _Failed: It ended badly, or no byte came for too long.
    """
    watched = dataset.raw_folder(folder)
    total = dataset.download_bytes
    while (status := _exit_status(process)) is None:
        sizes = _file_sizes(watched)
        arrived = _archive_bytes(sizes)
        on_progress(arrived, None if total is None or arrived > total else total)
        if (folder / _OUT).stat().st_size:  # the child says when it starts to connect
            patience.check(sizes)
    if status != 0:
        raise _Failed(_last_words(folder / _ERR) or f"the child process ended with {status}")
    arrived = _archive_bytes(_file_sizes(watched))
    on_progress(arrived, arrived)


def _exit_status(process: subprocess.Popen[bytes]) -> int | None:
    """Return the child's exit status, or None after a short wait if it runs."""
    try:
        return process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _file_sizes(folder: Path) -> dict[str, int]:
    try:
        return {entry.name: entry.stat().st_size for entry in os.scandir(folder)}
    except FileNotFoundError:  # not made yet, or a file went while we looked
        return {}


def _archive_bytes(sizes: dict[str, int]) -> int:
    return sum(size for name, size in sizes.items() if Path(name).suffix in _ARCHIVES)


def _last_words(log: Path) -> str:
    """Return the last line that the child wrote; a progress bar may stand before it."""
    lines = re.split(r"[\r\n]+", log.read_text(errors="replace").strip())
    return lines[-1].strip()[:500]


def _move_into_place(source: Path, target: Path, dataset: Dataset) -> None:
    """Move the four files, each atomically, on disk before they get their names."""
    for file in dataset.files:
        if not (source / file).is_file():
            raise _Failed(f"{file} did not come")
    target.mkdir(parents=True, exist_ok=True)
    for file in dataset.files:
        with (source / file).open("rb") as written:
            os.fsync(written.fileno())
        (source / file).replace(target / file)


@contextmanager
def _temporary_folder(raw_folder: Path, data_dir: Path) -> Iterator[Path]:
    """Yield a new folder on the file system of the final one, and remove it after."""
    data_dir.mkdir(parents=True, exist_ok=True)
    # A data set's folder may be a link to another disk, where files cannot be moved in one step.
    beside = raw_folder if raw_folder.is_dir() else data_dir
    folder = tempfile.mkdtemp(prefix=".download-", dir=beside)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the child, its output in files of ``folder``; it is gone when the block ends."""
    with (folder / _OUT).open("wb") as out, (folder / _ERR).open("wb") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end tells the child that we are gone
            stdout=out,
            stderr=err,
            cwd=Path(__file__).parents[2],  # `-m` searches here first: not in the user's folder
            start_new_session=True,  # ctrl+c is ours, and we end the child
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
