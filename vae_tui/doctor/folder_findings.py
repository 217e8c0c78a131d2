"""Findings on the runs and data folders, from trying to write there."""

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vae_tui.data.catalogue import DATASETS, is_present
from vae_tui.doctor.finding import Finding, note, ok, problem
from vae_tui.run.runs_folder import all_runs
from vae_tui.text import byte_size

RUN_BYTES = 200 * 2**20
"""A run of the default network: 66 weights files of 2.6 MB, and the optimiser's state."""
SAVE_BYTES = 16 * 2**20
"""One save of it: with less space than this training pauses at once."""
MOST_SKEW_SECONDS = 5.0
_OTHER_RUNS_DIR = "vae-tui --runs-dir ~/vae-runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder, or its nearest existing parent."""

    path: str
    exists: bool = True
    dangling: str = ""
    """The missing target when the path is a broken link."""
    error: str = ""
    """Why nothing can be written there; empty when it can."""
    locks: bool = True
    """Whether files can be locked: a live trainer is recognised by its lock."""
    skew_seconds: float = 0.0
    """How far its file system's clock is ahead of this machine's."""
    free_bytes: int = 0
    free_files: int = 1


def read_folder(path: Path) -> Folder:
    """Return the state of a folder; creates a file in it and removes it."""
    path = path.absolute()
    # os.path returns False where pathlib raises PermissionError.
    folder = Folder(path=str(path), exists=os.path.isdir(path))  # noqa: PTH112
    if not folder.exists and os.path.islink(path):  # noqa: PTH114
        return replace(folder, dangling=str(path.readlink()))
    nearest = next(one for one in (path, *path.parents) if os.path.exists(one))  # noqa: PTH110
    with contextlib.suppress(OSError):
        space = os.statvfs(nearest)
        free_files = space.f_favail if space.f_files else 1  # not counted by all file systems
        folder = replace(folder, free_bytes=space.f_bavail * space.f_frsize, free_files=free_files)
    try:
        with tempfile.NamedTemporaryFile(
            prefix=".vae-tui-doctor-", dir=nearest, buffering=0
        ) as file:
            file.write(b"?")
            skew = os.fstat(file.fileno()).st_mtime - time.time()
            return replace(folder, skew_seconds=skew, locks=_can_lock(file.fileno()))
    except OSError as error:
        where = "" if nearest == path else f"{nearest}: "
        return replace(folder, error=f"{where}{error.strerror or error}")


def count_runs(path: Path) -> tuple[int, int]:
    """Return the number of runs, and of live ones among them."""
    runs = all_runs(path)
    return len(runs), sum(run.is_live() for run in runs)


def runs_findings(folder: Folder, runs: int, live: int) -> Iterator[Finding]:
    """Yield the findings on the runs folder, which holds ``runs`` runs."""
    if folder.dangling:
        text = f"{folder.path} is a link to {folder.dangling}, which does not exist"
        yield problem("runs", text, f"mkdir -p {folder.dangling}", _OTHER_RUNS_DIR)
        return
    if folder.error:
        yield problem("runs", f"{folder.path} cannot be written: {folder.error}", _OTHER_RUNS_DIR)
    else:
        counts = f"{runs} runs, {live} live" if folder.exists else "created by the first run"
        yield ok("runs", f"{folder.path}: {counts}")
    yield _disk(folder)
    if not folder.locks:
        text = "files cannot be locked there, so live runs cannot be recognised"
        yield problem("runs", text, _OTHER_RUNS_DIR)
    if abs(folder.skew_seconds) > MOST_SKEW_SECONDS:
        side = "ahead" if folder.skew_seconds > 0 else "behind"
        seconds = f"{abs(folder.skew_seconds):.0f} s {side}"
        text = f"the folder's clock is {seconds}: ages shown are wrong by that amount"
        yield note("runs", text, "set the clock of the file server or of this machine (ntp)")


def data_findings(folder: Folder) -> Iterator[Finding]:
    """Yield the findings on the data folder."""
    path = Path(folder.path)
    if "~" in path.parts:
        text = f"the home folder is unknown (HOME is not set): data would go to {path}"
        yield note("data", text, "vae-tui --data-dir /tmp/vae-data")
        return
    present = [name for name, data in DATASETS.items() if data.folder and is_present(name, path)]
    names = f"{', '.join(present)}; and" if present else "no data set;"
    yield ok("data", f"{path}: {names} the digits in the package")
    if folder.error or folder.dangling:
        cause = folder.error or f"{folder.dangling} does not exist"
        text = f"nothing can be downloaded into {path}: {cause}"
        yield note("data", text, "vae-tui --dataset mnist --data-dir ~/vae-data")


def _disk(folder: Folder) -> Finding:
    free = f"{byte_size(folder.free_bytes)} free for runs"
    fix = f"{_OTHER_RUNS_DIR}, on a disk with more space"
    if folder.free_files == 0:
        return problem("disk", "no file can be created: all inodes are in use", fix)
    if folder.free_bytes < SAVE_BYTES:
        return problem("disk", f"{free}: not enough for one save", fix)
    if folder.free_bytes < RUN_BYTES:
        return note("disk", f"{free}: a run takes up to {byte_size(RUN_BYTES)}", fix)
    return ok("disk", free)


def _can_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
