"""How many threads a trainer gets when ``--threads`` is not given."""

import math
import os
from collections.abc import Collection
from pathlib import Path

MOST_THREADS = 8
"""A step is about a GFLOP in some 50 operations: more threads mostly wait for each other."""

_CPUS = Path("/sys/devices/system/cpu")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def default_threads(processes: int) -> int:
    """Return the number of threads for each of a run's processes.

    ``OMP_NUM_THREADS`` if it is set; else the cores this process may use (see `usable_cores`),
    shared among the processes, `MOST_THREADS` at most.
    """
    given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if given.isdecimal() and int(given):
        return int(given)
    has_affinity = hasattr(os, "sched_getaffinity")  # not on macOS
    allowed = os.sched_getaffinity(0) if has_affinity else set(range(os.cpu_count() or 1))
    return max(1, min(usable_cores(allowed) // processes, MOST_THREADS))


def usable_cores(allowed: Collection[int], cpus: Path = _CPUS, quota: Path = _QUOTA) -> int:
    """Return the number of cores behind these CPUs, at most the container's quota.

    Hyperthreads of one core count once, but two CPUs are always two: small virtual machines often
    present theirs as one core, and on one (AMD EPYC with AVX512-BF16) a run with two threads
    trains 117,000 images/s in bf16, with one 60,000. More hyperthreads are unmeasured.

    Args:
        allowed: Numbers of the CPUs that this process may use.
        cpus: Folder of Linux's description of the CPUs; without one each is a core.
        quota: The container's ``cpu.max``; there need not be one.
    """
    cores = {_siblings(cpus, cpu) for cpu in allowed}
    return min(max(len(cores), min(len(allowed), 2)), _container_quota(quota))


def _siblings(cpus: Path, cpu: int) -> str:
    try:
        return (cpus / f"cpu{cpu}/topology/thread_siblings_list").read_text("ascii")
    except OSError:
        return str(cpu)


def _container_quota(path: Path) -> int:
    """Return how many cores' worth of time a container may use; no limit is a large number."""
    try:
        quota, period = path.read_text("ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # not in a container, or "max"
        return 1 << 20
