"""A stand-in for the module ``pynvml``: what it answers is set by the test."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class NVMLError(Exception):
    """What NVML does not support, or cannot answer any more."""


@dataclass
class FakeGpu:
    """One GPU; an answer that is None raises `NVMLError`."""

    uuid: str
    percent: int | None = 87
    used: int | None = 13 << 30
    total: int = 80 << 30
    celsius: int | None = 64
    milliwatts: int | None = 310_400
    processes: dict[int, int | None] | None = field(default_factory=dict)
    """The memory of each process by its pid."""
    reserved: int = 512 << 20
    """Used by the driver; only the second version of the call leaves it out."""


class FakeNvml:
    """The functions of ``pynvml`` that the program calls, for the GPUs given."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0
    nvmlMemory_v2 = 2

    def __init__(self, *gpus: FakeGpu, knows_second_version: bool = True) -> None:
        self.gpus = {gpu.uuid: gpu for gpu in gpus}
        self.is_lost = False
        """The driver answers nothing any more."""
        self.lists = 0
        """How often processes were listed."""
        self._knows_second_version = knows_second_version

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> FakeGpu:
        return self._answer(self.gpus.get(uuid))

    def nvmlDeviceGetUtilizationRates(self, gpu: FakeGpu) -> Any:
        return SimpleNamespace(gpu=self._answer(gpu.percent))

    def nvmlDeviceGetMemoryInfo(self, gpu: FakeGpu, version: int | None = None) -> Any:
        used = self._answer(gpu.used)
        if version is None:
            return SimpleNamespace(used=used + gpu.reserved, total=gpu.total)
        self._answer(self._knows_second_version or None)
        return SimpleNamespace(used=used, total=gpu.total)

    def nvmlDeviceGetTemperature(self, gpu: FakeGpu, sensor: int) -> int:
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self._answer(gpu.celsius)

    def nvmlDeviceGetPowerUsage(self, gpu: FakeGpu) -> int:
        return self._answer(gpu.milliwatts)

    def nvmlDeviceGetComputeRunningProcesses(self, gpu: FakeGpu) -> list[Any]:
        self.lists += 1
        listed = self._answer(gpu.processes)
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in listed.items()]

    def _answer(self, value: Any) -> Any:
        if value is None or self.is_lost:
            raise NVMLError("not supported")
        return value
