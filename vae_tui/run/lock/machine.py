"""This machine and its file locks.

Two environment variables are for tests only. ``VAE_TUI_TEST_HOST`` makes a process believe that it
runs on another machine of that name; with ``VAE_TUI_TEST_FLOCK=none`` its locks succeed without
any effect, as on a network file system that does not share them.
"""

import fcntl
import functools
import os
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def host_name() -> str:
    """Return the name of this machine."""
    return os.environ.get("VAE_TUI_TEST_HOST") or os.uname().nodename


def machine_id() -> str:
    """Return what only the processes under this machine's running kernel share.

    The name alone will not do: cloned machines have the same one, and containers on one machine,
    which share its locks, have different ones.
    """
    boot_id = _boot_id()
    pretended = os.environ.get("VAE_TUI_TEST_HOST", "")
    return f"{boot_id}{pretended}" if boot_id else host_name()


def flock(descriptor: int, operation: int) -> None:
    """Lock a file, or raise OSError: BlockingIOError if another process has locked it."""
    if os.environ.get("VAE_TUI_TEST_FLOCK") != "none":
        fcntl.flock(descriptor, operation)


@functools.cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:  # not Linux
        return ""
