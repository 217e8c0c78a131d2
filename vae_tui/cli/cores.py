"""What this machine has for a trainer: cores and devices."""

import math
import os
import platform
from collections.abc import Collection
from pathlib import Path

from vae_tui.errors import UsageError
from vae_tui.text import counted

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


def check_device(name: str) -> None:
    """Raise UsageError, naming the nearest valid value, for a device that does not exist."""
    if name.startswith("cuda"):
        count = _cuda_devices()
        index = int(name.partition(":")[2] or 0)
        if count == 0:
            raise UsageError(f"--device {name}: there is no CUDA device here; use --device cpu")
        if index >= count:
            raise UsageError(
                f"--device {name}: found {counted(count, 'CUDA device')}; "
                f"use --device cuda:{count - 1}"
            )
    if name == "mps" and (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        raise UsageError("--device mps: there is no Apple GPU here; use --device cpu")


def check_processes(count: int, device: str) -> None:
    """Raise UsageError unless each of ``count`` processes has a CUDA device, or else a core."""
    if count == 1:  # the driver takes a moment to answer
        return
    devices = _cuda_devices() if device in ("auto", "cuda") else 0
    most, what = (devices, "CUDA device") if devices else (os.cpu_count() or 1, "core")
    if count > most:
        raise UsageError(f"--nproc {count}: found {counted(most, what)}; use --nproc {most}")


def check_precision(precision: str, device: str) -> None:
    """Raise UsageError for TF32 where no NVIDIA GPU computes."""
    if precision == "tf32" and (device in ("cpu", "mps") or not _cuda_devices()):
        raise UsageError("--precision tf32: only an NVIDIA GPU computes in it; use fp32")


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


def _cuda_devices() -> int:
    from vae_tui.doctor.cuda_driver import read_cuda_driver  # importing torch takes seconds

    driver = read_cuda_driver()
    return driver.devices if driver else 0
