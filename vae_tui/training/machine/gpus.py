"""The utilisation, memory, temperature and power of GPUs, by NVIDIA's NVML."""

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LIST_EVERY = 15
"""Readings from one list of a GPU's processes to the next: NVML takes milliseconds for a list."""


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU; NaN for what it does not report."""

    percent: float = math.nan
    """Of the time in which a kernel ran."""
    used_bytes: float = math.nan
    total_bytes: float = math.nan
    other_bytes: float = math.nan
    """Used by other processes than the run's."""
    celsius: float = math.nan
    watts: float = math.nan


class Gpus:
    """Reads some GPUs, given by their UUIDs.

    ``nvml`` is the module ``pynvml``; ``is_own`` returns whether a process id is one of the run's.
    A GPU that NVML does not know is left out. Part of a GPU (MIG) reports its memory alone:
    the other values are those of the whole GPU.
    """

    def __init__(self, nvml: Any, uuids: Sequence[str], is_own: Callable[[int], bool]) -> None:
        self._nvml = nvml
        self._is_own = is_own
        self._handles = [handle for uuid in uuids if (handle := self._find(uuid)) is not None]
        self._readings = 0
        self._others = [math.nan] * len(self._handles)

    def read(self) -> list[GpuReading]:
        """Return the values now, in the order of the UUIDs."""
        if self._readings % LIST_EVERY == 0:
            self._others = [self._other_bytes(handle) for handle in self._handles]
        self._readings += 1
        return [
            self._read(handle, others)
            for handle, others in zip(self._handles, self._others, strict=True)
        ]

    def _find(self, uuid: str) -> Any:
        """Return the handle of a GPU, or of a part of one, whose UUID has another prefix."""
        handle = self._ask(lambda: self._nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}"))
        return handle or self._ask(lambda: self._nvml.nvmlDeviceGetHandleByUUID(f"MIG-{uuid}"))

    def _read(self, handle: Any, other_bytes: float) -> GpuReading:
        nvml = self._nvml
        percent = self._ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        memory = self._memory(handle) or self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        celsius = self._ask(
            lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)
        )
        milliwatts = self._ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        return GpuReading(
            percent=math.nan if percent is None else percent,
            used_bytes=math.nan if memory is None else memory.used,
            total_bytes=math.nan if memory is None else memory.total,
            other_bytes=other_bytes,
            celsius=math.nan if celsius is None else celsius,
            watts=math.nan if milliwatts is None else milliwatts / 1_000,
        )

    def _memory(self, handle: Any) -> Any:
        """Return total and used bytes, without what the driver uses; None from old drivers."""
        nvml = self._nvml
        return self._ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle, nvml.nvmlMemory_v2))

    def _other_bytes(self, handle: Any) -> float:
        """Return the memory that is used but not by the run.

        NaN where the run's own is not known: NVML may list none of a container's processes.
        """
        processes = self._ask(lambda: self._nvml.nvmlDeviceGetComputeRunningProcesses(handle))
        memory = self._memory(handle)
        own = [one.usedGpuMemory for one in processes or () if self._is_own(one.pid)]
        if memory is None or not own or None in own:
            return math.nan
        return float(max(memory.used - sum(own), 0))

    def _ask(self, query: Callable[[], Any]) -> Any:
        """Return the query's result; None if GPU, driver or an older ``pynvml`` has no answer."""
        try:
            return query()
        except (self._nvml.NVMLError, AttributeError, TypeError):
            return None


def open_nvml() -> Any:
    """Return the module ``pynvml``, ready; None without it or without NVIDIA's driver."""
    try:
        nvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    return nvml
