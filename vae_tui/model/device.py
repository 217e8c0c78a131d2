"""The device and precision that a trainer computes with."""

import resource
import sys
from pathlib import Path

import torch

from vae_tui.errors import UsageError

_CPUINFO = Path("/proc/cpuinfo")


def choose_device(name: str) -> torch.device:
    """Return the device of that name; the fastest available for ``auto``.

    Raises:
        UsageError: There is no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda":
        found = torch.cuda.device_count()
        if (device.index or 0) >= found:
            has = f"torch finds {found} CUDA devices" if found else "torch finds no CUDA device"
            nearest = f"cuda:{found - 1}" if found else "cpu"
            raise UsageError(f"--device {name}: {has}; use --device {nearest}")
        return torch.device("cuda", device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UsageError("--device mps: torch finds no Apple GPU; use --device cpu")
    return device


def device_name(device: torch.device, cpuinfo: Path = _CPUINFO) -> str:
    """Return the name of a GPU or processor as its maker gives it; empty if unknown."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type != "cpu":
        return ""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")


def choose_precision(name: str, device: torch.device, cpuinfo: Path = _CPUINFO) -> str:
    """Return ``fp32`` or ``bf16``; for ``auto`` bf16 where its matrix products are faster.

    The choice depends on the kind of processor alone, never on a measurement: a resumed run
    must compute what it would have computed. ``cpuinfo`` describes the processor on Linux.
    """
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp32"
    return "bf16" if device.type == "cpu" and _is_bf16_faster(cpuinfo) else "fp32"


def memory_in_use(device: torch.device) -> int:
    """Return the bytes in use on a CUDA device by all processes, or on the CPU by this one."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return total - free
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * resource.getpagesize()


def _is_bf16_faster(cpuinfo: Path) -> bool:
    """Return whether the CPU multiplies matrices faster in bf16 than in fp32.

    AVX512-BF16 is enough on AMD: an EPYC trains 126,686 images/s in bf16 and 54,956 in fp32. An
    Intel processor needs AMX: on a Xeon without it a step's matrix products (batch 256, medians)
    take 13.0 ms in bf16 and 7.7 in fp32 with two threads, 11.9 and 7.1 with one; a whole training
    step takes 13.2 and 9.0, 18.8 and 11.4.
    """
    try:
        text = cpuinfo.read_text("ascii", errors="replace")
    except OSError:  # not Linux
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    needed = "amx_bf16" if "GenuineIntel" in text else "avx512_bf16"
    return needed in flags.split()
