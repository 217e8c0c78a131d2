"""Reads and opens files that may come from anyone, such as a run folder copied from elsewhere.

Reads follow links, but only to regular files: a pipe would block and a device never ends. Writes
follow no link: a foreign folder could make the program overwrite one of the user's files.
"""

import errno
import json
import math
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from vae_tui.text import preview

NOT_A_FILE = "is not a regular file"
LONGEST_TEXT = 2_000


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


def as_float(value: object) -> float:
    """Return a number from JSON, NaN for null; TypeError for anything else."""
    if isinstance(value, float):
        return value
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{preview(value)} is not a number")
    return float(value)


def as_int(value: object) -> int:
    """Return a whole number from JSON; TypeError for anything else, or one of over 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise TypeError(f"{preview(value)} is not a whole number")
    return value


def as_text(value: object) -> str:
    """Return the first `LONGEST_TEXT` characters of a text from JSON; TypeError if it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{preview(value)} is not text")
    return value[:LONGEST_TEXT]


def _opened(path: Path, flags: int) -> int:
    # Non-blocking: if it has become a pipe since, opening does not wait for its other end.
    more = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = os.open(path, flags | more, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, NOT_A_FILE, str(path))
    return descriptor
