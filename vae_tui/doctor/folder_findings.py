"""What the data and runs folders are like, tried out rather than asked, and what to say of it."""

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vae_tui.data.catalogue import DATASETS, is_present
from vae_tui.doctor.finding import Finding, note, ok, problem
from vae_tui.run.runs_folder import all_runs
from vae_tui.text import size

RUN_BYTES = 200 * 2**20
"""A run of the default network: 66 files of 2.6 MB with weights, and the optimiser's state."""
SAVE_BYTES = 16 * 2**20
"""One save of it: with less room than this training pauses at once."""
MOST_SKEW_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder, or the nearest one above it that is there."""

    path: str
    exists: bool = True
    dangling: str = ""
    """Where the link points that leads nowhere."""
    wrong: str = ""
    """Why nothing can be written there; nothing when it can."""
    locks: bool = True
    """Files can be locked: how a trainer shows that it lives."""
    skew_seconds: float = 0.0
    """By which its clock is ahead of this machine's."""
    free_bytes: int = 0
    free_files: int = 1


def look_at(path: Path) -> Folder:
    """Return what a folder is like; a file is made in it, and removed."""
    path = path.absolute()
    exists = os.path.isdir(path)  # noqa: PTH112 - as it is False, not an error, where we may not look
    if not exists and path.is_symlink():
        return Folder(path=str(path), exists=False, dangling=str(path.readlink()))
    nearest = next((one for one in (path, *path.parents) if _exists(one)), Path("/"))
    free_bytes, free_files = _room(nearest)
    wrong, locks, skew = _try_out(nearest)
    return Folder(
        path=str(path),
        exists=exists,
        wrong=f"{nearest}: {wrong}" if wrong and nearest != path else wrong,
        locks=locks,
        skew_seconds=skew,
        free_bytes=free_bytes,
        free_files=free_files,
    )


def judge_runs(folder: Folder, runs: int, live: int) -> Iterator[Finding]:
    """Yield what is to be said of the runs folder, in which are so many runs."""
    elsewhere = "vae-tui --runs-dir DIR"
    if folder.dangling:
        text = f"{folder.path} is a link to {folder.dangling}, which is not there"
        yield problem("runs", text, f"mkdir -p {folder.dangling}", elsewhere)
        return
    if folder.wrong:
        yield problem("runs", f"{folder.path} cannot be written: {folder.wrong}", elsewhere)
    else:
        told = f"{runs} runs, {live} of them live" if folder.exists else "made by the first run"
        yield ok("runs", f"{folder.path}: {told}")
    yield _room_for_runs(folder)
    if not folder.locks:
        text = "files cannot be locked there, and a live run is known by its lock"
        yield problem("runs", text, elsewhere)
    if abs(folder.skew_seconds) > MOST_SKEW_SECONDS:
        ahead = "ahead" if folder.skew_seconds > 0 else "behind"
        text = (
            f"the folder's clock is {abs(folder.skew_seconds):.0f} s {ahead}: ages are off by that"
        )
        yield note("runs", text, "set the clock of the file server or of this machine (ntp)")


def judge_data(folder: Folder) -> Iterator[Finding]:
    """Yield what is to be said of the data folder."""
    path = Path(folder.path)
    if "~" in path.parts:
        text = f"nobody knows your home folder (HOME is not set): data would go to {path}"
        yield note("data", text, "vae-tui --data-dir DIR")
        return
    there = [name for name, data in DATASETS.items() if data.folder and is_present(name, path)]
    if there:
        yield ok("data", f"{folder.path}: {', '.join(there)}; and the digits that ship")
    else:
        yield ok("data", f"{folder.path}: no data set; the digits that ship need none")
    if folder.wrong or folder.dangling:
        why = folder.wrong or f"{folder.dangling} is not there"
        text = f"nothing can be fetched into {folder.path}: {why}"
        yield note("data", text, "vae-tui --dataset mnist --data-dir DIR")


def _room_for_runs(folder: Folder) -> Finding:
    text = f"{size(folder.free_bytes)}B free for runs"
    elsewhere = "vae-tui --runs-dir DIR, on a disk with more room"
    if folder.free_files == 0:
        return problem("disk", "no file can be added: all inodes are taken", elsewhere)
    if folder.free_bytes < SAVE_BYTES:
        return problem("disk", f"{text}: not enough for one save", elsewhere)
    if folder.free_bytes < RUN_BYTES:
        return note("disk", f"{text}: a run takes up to {size(RUN_BYTES)}B", elsewhere)
    return ok("disk", text)


def count_runs(path: Path) -> tuple[int, int]:
    """Return how many runs there are, and how many of them are live."""
    runs = all_runs(path)
    return len(runs), sum(run.is_live() for run in runs)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _room(folder: Path) -> tuple[int, int]:
    try:
        room = os.statvfs(folder)
    except OSError:
        return 0, 1
    # Some file systems count no inodes at all.
    return room.f_bavail * room.f_frsize, room.f_favail if room.f_files else 1


def _try_out(folder: Path) -> tuple[str, bool, float]:
    """Return why nothing can be written, whether files can be locked, and the clock's skew."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".vae-tui-doctor-", dir=folder)
    except OSError as error:
        return error.strerror or str(error), True, 0.0
    locks, skew = True, 0.0
    try:
        os.write(descriptor, b"?")
        skew = os.fstat(descriptor).st_mtime - time.time()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            locks = False
    except OSError as error:
        return error.strerror or str(error), True, 0.0
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            Path(name).unlink()
    return "", locks, skew
