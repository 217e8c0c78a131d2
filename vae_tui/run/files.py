"""Files shared by processes: appended in one write, replaced atomically, followed as they grow."""

import contextlib
import errno
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vae_tui.run.untrusted import open_own, open_regular

_MARK_BYTES = 256
_LONG_BYTES = 1 << 26
"""With more bytes than this to read, holes in the file are looked for."""


def append(path: Path, line: bytes) -> None:
    """Append one line in a single write; a torn line left by a crash is terminated first."""
    descriptor = open_own(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        written = os.write(descriptor, line)
        if written != len(line):
            # The disk is full: remove the part that was written, so that no half line stays.
            os.ftruncate(descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def replace(
    path: Path, content: bytes | Iterable[bytes], fsync: Callable[[int], object] = os.fsync
) -> None:
    """Replace a file's content atomically: a reader, or a crash, sees the old or the new.

    The content may be given in blocks.

    ``fsync`` is called with the descriptor of the new content, before the rename.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


class Reserve:
    """Reserved disk space, so that the last events can be written when the disk is full."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def take(self) -> None:
        """Reserve the space, unless it is reserved already; raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_size == self._size:
                return
        replace(self._path, bytes(self._size))

    def release(self) -> None:
        """Free the space."""
        with contextlib.suppress(OSError):
            self._path.unlink()


class LineTail:
    """Follows a growing file: complete lines only, each once, in bounded blocks.

    It starts from the beginning when the file was truncated or replaced.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.offset = offset
        self.size = offset
        """Size of the file at the last read."""
        self.restarts = 0
        """How often it started from the beginning; what was read before is obsolete."""
        self._path = path
        self._mark = b""
        """The bytes before the offset: they differ when the file was replaced."""

    def read(self, limit: int = 1 << 20) -> list[bytes]:
        """Return new complete lines, about ``limit`` bytes at most.

        Of a line longer than ``limit`` the end is returned, as a line. A file that does not exist
        has no lines.
        """
        return self.read_block(limit).splitlines()

    def lines(self, end: float = math.inf) -> Iterator[bytes]:
        """Yield the complete lines that there are now; a block that passes ``end`` is the last."""
        before = -1
        while before != self.offset < end:
            before = self.offset
            yield from self.read()

    def read_block(self, limit: int = 1 << 20) -> bytes:
        """Return the bytes of what ``read`` returns."""
        try:
            with open_regular(self._path) as file:
                self.size = os.fstat(file.fileno()).st_size
                if self.size - self.offset > _LONG_BYTES:
                    self._pass_over_hole(file.fileno(), limit)
                marked = self.offset - len(self._mark)
                file.seek(marked)
                block = file.read(len(self._mark) + limit)
                if self.size < self.offset or not block.startswith(self._mark):
                    self.offset, self._mark = 0, b""
                    self.restarts += 1
                    file.seek(0)
                    block = file.read(limit)
        except FileNotFoundError:
            return b""
        block = block[len(self._mark) :]
        end = block.rfind(b"\n") + 1
        passed = end or (limit if len(block) == limit else 0)
        if passed:
            self.offset += passed
            self._mark = block[max(passed - _MARK_BYTES, 0) : passed]
        return block[:end]

    def _pass_over_hole(self, descriptor: int, limit: int) -> None:
        """Continue at the next data of a sparse file: its hole may be terabytes of zeros."""
        data = self.offset
        try:
            data = os.lseek(descriptor, self.offset, os.SEEK_DATA)
        except OSError as error:
            data = self.size if error.errno == errno.ENXIO else data  # no data until its end
        except AttributeError:  # not every system has SEEK_DATA
            pass
        if data > self.offset + limit:
            self.offset, self._mark = data, b""


def signature(path: Path) -> tuple[int, int, int] | None:
    """Return inode, size and modification time, to detect a change; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def is_read_only(folder: Path) -> bool:
    """Return whether the folder's file system is mounted read-only."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def read_lines(path: Path, begin: int = 0, end: float = math.inf) -> Iterator[bytes]:
    """Return the complete lines of a file as it is now; see `LineTail.lines`."""
    return LineTail(path, begin).lines(end)
