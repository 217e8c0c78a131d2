"""NVIDIA's driver, queried without torch: its CUDA version, status and number of devices."""

import contextlib
import ctypes
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CudaDriver:
    """The answers of ``libcuda.so.1``."""

    cuda: str
    """The newest CUDA version it supports, such as ``13.2``."""
    status: int
    """Result of ``cuInit``; 0 is success."""
    devices: int


def read_cuda_driver() -> CudaDriver | None:
    """Return the driver's answers, None where its library is missing."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    newest, count = ctypes.c_int(0), ctypes.c_int(0)
    library.cuDriverGetVersion(ctypes.byref(newest))
    status = library.cuInit(0)
    if status == 0:
        library.cuDeviceGetCount(ctypes.byref(count))
    return CudaDriver(f"{newest.value // 1000}.{newest.value % 1000 // 10}", status, count.value)


def kernel_module_version() -> str:
    """Return the version of NVIDIA's loaded kernel module, empty where there is none."""
    found = None
    with contextlib.suppress(OSError):
        text = Path("/proc/driver/nvidia/version").read_text("utf-8", "replace")
        found = re.search(r"\s(\d\S*\.\S*)", text)
    return found[1] if found else ""
