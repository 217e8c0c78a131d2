"""File systems of the test's own: small ones, and ones that turn read-only."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.processes import PATIENCE_SECONDS

_BLOCK = 1 << 16


@contextlib.contextmanager
def small_disk(path: Path, mebibytes: int) -> Iterator[Path]:
    """Mount so much memory as a disk; skips the test where that is not allowed."""
    path.mkdir()
    done = _mount("-t", "tmpfs", "-o", f"size={mebibytes}m", "vae-tui-test", str(path))
    if done.returncode:
        pytest.skip(f"no disk of the test's own: {done.stderr.strip()}")
    try:
        yield path
    finally:
        # Lazily: a trainer that is just being killed may still hold a file.
        subprocess.run(["umount", "-l", str(path)], check=True)


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Let nothing be opened for writing under a folder; what is open already stays open."""
    done = _mount("--bind", str(path), str(path))
    if done.returncode:
        pytest.skip(f"nothing can be mounted: {done.stderr.strip()}")
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (done := _mount("-o", "remount,bind,ro", str(path))).returncode:
            # Busy: somebody is just writing there.
            assert time.monotonic() < deadline, done.stderr
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path) -> Path:
    """Fill a disk to the last byte; return the file that does."""
    ballast = path / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (_BLOCK, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
    return ballast


def _mount(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["mount", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess([], 1, "", "there is no mount command")
