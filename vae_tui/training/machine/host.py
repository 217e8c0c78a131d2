"""The utilisation of the CPU and the memory of this machine, by psutil."""

import importlib
import math
import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HostReading:
    """All programs together; NaN where it is not known."""

    cpu_percent: float = math.nan
    """Of all cores, since the reading before."""
    used_bytes: float = math.nan
    total_bytes: float = math.nan


class Host:
    """Reads this machine; ``psutil`` is the module, None where it is not installed."""

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil
        self.read()  # the CPU's utilisation is that since the reading before

    def read(self) -> HostReading:
        """Return the values now."""
        if self._psutil is None:
            return HostReading()
        try:
            memory = self._psutil.virtual_memory()
            percent = self._psutil.cpu_percent()
        except (OSError, self._psutil.Error):  # a container without /proc/stat, for example
            return HostReading()
        return HostReading(percent, memory.total - memory.available, memory.total)

    def is_sibling(self, pid: int) -> bool:
        """Return whether the process has the same parent as this one."""
        if self._psutil is None:
            return False
        try:
            return bool(self._psutil.Process(pid).ppid() == os.getppid())
        except (OSError, self._psutil.Error):
            return False


def open_psutil() -> Any:
    """Return the module ``psutil``; None if it is not installed."""
    try:
        return importlib.import_module("psutil")
    except ImportError:
        return None
