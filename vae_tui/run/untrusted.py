"""Opens files that may come from anybody, such as a run folder that somebody sent.

Reading, a link may lead anywhere, but only to a regular file: a pipe would wait for ever, a
device has no end. Writing, nothing is followed: a link would let a stranger's folder name a file
of the user's own to be written to.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

NO_FILE = "is no regular file"


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read; OSError, also for what is no regular file."""
    if not stat.S_ISREG(path.stat().st_mode):  # merely to open some devices does something
        raise OSError(errno.EINVAL, NO_FILE, str(path))
    return os.fdopen(_opened(path, os.O_RDONLY), "rb")


def open_own(path: Path, flags: int) -> int:
    """Return a descriptor to write to; OSError, also for a link or what is no regular file."""
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


def _opened(path: Path, flags: int) -> int:
    # Non-blocking: should it have become a pipe by now, nobody waits for its other end.
    more = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = os.open(path, flags | more, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, NO_FILE, str(path))
    return descriptor
