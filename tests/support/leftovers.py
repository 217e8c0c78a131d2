"""Processes that a test started, directly or not, and did not end."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

from support.processes import command_line, process, processes

_PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 30.0
"""A process that is about to end, such as one whose terminal was closed, has this long."""
_OF_PYTHON = ("resource_tracker", "forkserver")
"""Part of the command line of processes that multiprocessing keeps for the interpreter's life."""


def adopt_orphans() -> None:
    """Make this process the parent of orphans among its descendants, so that all are found."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """Return the ids of this process's children, including those that ended and are not reaped."""
    pids: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # that thread has just ended
            pids |= set(map(int, file.read_text().split()))
    return {pid for pid in pids if not any(name in command_line(pid) for name in _OF_PYTHON)}


def end(pids: set[int]) -> list[str]:
    """End children and their descendants, and reap the children.

    Returns:
        The command lines of those that did not end by themselves within `GRACE_SECONDS`.
    """
    deadline = time.monotonic() + GRACE_SECONDS
    while (running := {pid for pid in pids if process(pid)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = [command_line(pid) for pid in running]
    for pid in _descendants(running):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return left


def _descendants(pids: set[int]) -> set[int]:
    found: set[int] = set()
    while pids:
        found |= pids
        pids = {each.pid for each in processes() if each.parent in pids} - found
    return found
