"""Reads and opens files that may come from anyone, such as a run folder copied from elsewhere.

Reads follow links, but only to regular files: a pipe would block and a device never ends. Writes
follow no link: a foreign folder could make the program overwrite one of the user's files.
"""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

NOT_A_FILE = "is not a regular file"


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read; OSError for anything else."""
    if not stat.S_ISREG(path.stat().st_mode):  # opening some devices has side effects
        raise OSError(errno.EINVAL, NOT_A_FILE, str(path))
    return os.fdopen(_opened(path, os.O_RDONLY), "rb")


def open_own(path: Path, flags: int) -> int:
    """Return a descriptor of a regular file to write to; OSError for anything else, or a link."""
    try:
        return _opened(path, flags | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "is a link, not followed to write", str(path)) from None
        raise


def read_bounded(path: Path, largest: int) -> bytes:
    """Return the bytes of a regular file; ValueError when there are more than ``largest``."""
    with open_regular(path) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"larger than {largest:,} bytes")
    return content


def json_object(text: str | bytes) -> dict[str, Any]:
    """Return the object that a JSON text holds; ValueError when it does not hold one."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _opened(path: Path, flags: int) -> int:
    # Non-blocking: if it has become a pipe since, opening does not wait for its other end.
    more = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = os.open(path, flags | more, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, NOT_A_FILE, str(path))
    return descriptor
