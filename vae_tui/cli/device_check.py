"""Whether a device can be there at all, asked of the drivers: no torch is imported."""

import ctypes
import os
import platform

from vae_tui.errors import UsageError


def check_device(name: str) -> None:
    """Raise UsageError, with the nearest right value, for a device that no driver offers."""
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
    """Raise UsageError unless so many processes have a CUDA device, or else a core, each."""
    if count == 1:  # asking the driver takes a moment
        return
    devices = _cuda_devices() if device in ("auto", "cuda") else 0
    most, what = (devices, "CUDA devices") if devices else (os.cpu_count() or 1, "cores")
    if count > most:
        raise UsageError(f"--nproc {count}: there are {most} {what}; the nearest is {most}")


def _cuda_devices() -> int:
    for library in ("libcuda.so.1", "nvcuda.dll"):
        try:
            cuda = ctypes.CDLL(library)
        except OSError:
            continue
        count = ctypes.c_int(0)
        if cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    return 0
