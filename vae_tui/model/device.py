"""The device that a trainer computes with, its name and its memory."""

import resource
import sys
from collections.abc import Iterable
from pathlib import Path

import torch

from vae_tui.errors import UsageError

CPUINFO = Path("/proc/cpuinfo")


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


def device_name(device: torch.device) -> str:
    """Return the name of a GPU or processor as its maker gives it; empty if unknown."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type != "cpu":
        return ""
    try:
        lines = CPUINFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "")


def gpu_uuids(devices: Iterable[torch.device]) -> list[str]:
    """Return the UUIDs of those devices that are NVIDIA GPUs, or parts of one."""
    if torch.version.hip is not None:
        return []
    return [
        str(torch.cuda.get_device_properties(one).uuid) for one in devices if one.type == "cuda"
    ]


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
