"""The memory that programs can use on this machine, within the limits of its container."""

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

VARIABLE = "VAE_TUI_MEMORY"
"""Environment variable with the GB to assume instead, to repeat a run of another machine."""
_FILES = {
    False: ("memory.max", "memory.current", "inactive_file"),
    True: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""Limit, use, and the reclaimable part of the use in memory.stat, of cgroups version 2 and 1."""


def available_memory(
    environment: Mapping[str, str] = os.environ,
    proc: Path = Path("/proc"),
    cgroups: Path = Path("/sys/fs/cgroup"),
) -> float:
    """Return the bytes that a new program can use without swapping; infinite if unknown."""
    with contextlib.suppress(ValueError):
        return float(environment.get(VARIABLE, "")) * 1e9
    return min(_of_machine(proc), *_of_cgroups(proc, cgroups), math.inf)


def _of_machine(proc: Path) -> float:
    with contextlib.suppress(OSError, ValueError, IndexError, StopIteration):
        lines = (proc / "meminfo").read_text("ascii").splitlines()
        kilobytes = next(line for line in lines if line.startswith("MemAvailable:")).split()[1]
        return 1024.0 * int(kilobytes)
    with contextlib.suppress(OSError, ValueError):  # macOS: all memory
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return math.inf


def _of_cgroups(proc: Path, cgroups: Path) -> Iterator[float]:
    """Yield what each cgroup of this process that has a limit leaves."""
    try:
        lines = (proc / "self/cgroup").read_text("ascii", "replace").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        is_first_version = bool(controllers)
        root = cgroups / "memory" if is_first_version else cgroups
        folder = root / path.lstrip("/")
        for one in (folder, *folder.parents):
            with contextlib.suppress(OSError, ValueError):
                yield _left(one, *_FILES[is_first_version])
            if one == root:
                break


def _left(folder: Path, limit: str, use: str, reclaimable: str) -> float:
    """Return the bytes that a cgroup has left; ValueError if it has no limit."""
    most, used = (int((folder / name).read_text("ascii")) for name in (limit, use))
    stat = (folder / "memory.stat").read_text("ascii").splitlines()
    values = dict(line.split() for line in stat)
    return most - used + int(values.get(reclaimable, 0))
