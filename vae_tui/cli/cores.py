"""How many threads a trainer gets when ``--threads`` is not given."""

import math
import os
from pathlib import Path

MOST_THREADS = 8
"""A step is about a GFLOP in some 50 operations: more threads mostly wait for each other."""

_CPUS = Path("/sys/devices/system/cpu")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def default_threads(processes: int) -> int:
    """Return the number of threads for each of a run's processes.

    ``OMP_NUM_THREADS`` if it is set; else the cores this process may use, hyperthreads of one core
    counted once, shared among the processes, `MOST_THREADS` at most.
    """
    given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if given.isdecimal() and int(given):
        return int(given)
    return max(1, min(_usable_cores() // processes, MOST_THREADS))


def _usable_cores() -> int:
    if not hasattr(os, "sched_getaffinity"):  # macOS
        return os.cpu_count() or 1
    cores = {_siblings(cpu) for cpu in os.sched_getaffinity(0)}
    return max(1, min(len(cores), _container_quota()))


def _siblings(cpu: int) -> str:
    try:
        return (_CPUS / f"cpu{cpu}/topology/thread_siblings_list").read_text("ascii")
    except OSError:
        return str(cpu)


def _container_quota() -> int:
    """Return how many cores' worth of time a container may use; no limit is a large number."""
    try:
        quota, period = _QUOTA.read_text("ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # not in a container, or "max"
        return 1 << 20
