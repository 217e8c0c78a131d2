"""Files that processes share: appended in one write, replaced whole, followed as they grow."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vae_tui.strangers import open_own, open_regular


def append(path: Path, line: bytes) -> None:
    """Append one line in a single write; a torn line of someone's crash is closed first."""
    descriptor = open_own(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        written = os.write(descriptor, line)
        if written != len(line):
            # A full disk took a part: take it back, so that no half line stays.
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes) -> None:
    """Replace a file's content atomically: a reader, or a crash, sees the old or the new."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


class LineTail:
    """Follows a growing file: complete lines only, each once, in bounded pieces."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.offset = offset
        self._path = path

    def read(self, limit: int = 1 << 20) -> list[bytes]:
        """Return the complete lines that have come, about ``limit`` bytes at most.

        A line longer than ``limit`` is passed over. A file that does not exist has no lines.
        """
        try:
            with open_regular(self._path) as file:
                file.seek(self.offset)
                block = file.read(limit)
        except FileNotFoundError:
            return []
        end = block.rfind(b"\n") + 1
        if end == 0:
            self.offset += limit if len(block) == limit else 0
            return []
        self.offset += end
        return block[:end].splitlines()


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the complete lines of a file as it is now."""
    tail = LineTail(path)
    before = -1
    while tail.offset != before:
        before = tail.offset
        yield from tail.read()
