"""Checks a device and a number of processes against the driver, without importing torch."""

import os
import platform

from vae_tui.doctor.cuda_driver import read_cuda_driver
from vae_tui.errors import UsageError


def check_device(name: str) -> None:
    """Raise UsageError, naming the nearest valid value, for a device that does not exist."""
    if name.startswith("cuda"):
        count = _cuda_devices()
        index = int(name.partition(":")[2] or 0)
        if count == 0:
            raise UsageError(f"--device {name}: there is no CUDA device here; use --device cpu")
        if index >= count:
            raise UsageError(
                f"--device {name}: there are {count} CUDA devices; use --device cuda:{count - 1}"
            )
    if name == "mps" and (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        raise UsageError("--device mps: there is no Apple GPU here; use --device cpu")


def check_processes(count: int, device: str) -> None:
    """Raise UsageError unless each of ``count`` processes has a CUDA device, or else a core."""
    if count == 1:  # the driver takes a moment to answer
        return
    devices = _cuda_devices() if device in ("auto", "cuda") else 0
    most, what = (devices, "CUDA devices") if devices else (os.cpu_count() or 1, "cores")
    if count > most:
        raise UsageError(f"--nproc {count}: there are {most} {what}; the nearest is {most}")


def _cuda_devices() -> int:
    driver = read_cuda_driver()
    return driver.devices if driver else 0
