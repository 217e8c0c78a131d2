"""The clock of the file system that holds a run: the same for all machines that share it."""

import contextlib
import os
import tempfile
from pathlib import Path


def file_system_time(folder: Path) -> float | None:
    """Return the time now by the file system's clock, Unix seconds; None if it cannot be read.

    It is the modification time of a new file without a name, or else of one that is removed at
    once.
    """
    with contextlib.suppress(OSError, AttributeError):  # not every system has O_TMPFILE
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        return _modified_and_close(descriptor)
    with contextlib.suppress(OSError):
        descriptor, name = tempfile.mkstemp(prefix=".clock.", dir=folder)
        Path(name).unlink()
        return _modified_and_close(descriptor)
    return None


def _modified_and_close(descriptor: int) -> float:
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
