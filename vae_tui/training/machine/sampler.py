"""Measures the machine every two seconds in a thread, beside the training."""

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from vae_tui.run.events import MachineMeasured, encode
from vae_tui.training.machine.gpus import Gpus, open_nvml
from vae_tui.training.machine.host import Host, open_psutil

SAMPLE_SECONDS = 2.0
_MIB = 1 << 20

Measure = Callable[[], MachineMeasured]


class MachineSampler:
    """Calls what ``prepare`` returns every ``seconds`` in a thread, until `stop`.

    ``prepare`` is called in the thread too: it imports and opens libraries. The thread keeps no
    process alive, and nothing waits for it. It ends at once if there is nothing to call.
    """

    def __init__(
        self, prepare: Callable[[], Measure | None], seconds: float = SAMPLE_SECONDS
    ) -> None:
        self._prepare = prepare
        self._seconds = seconds
        self._ended = threading.Event()
        self._newest: MachineMeasured | None = None
        self._taken: MachineMeasured | None = None
        threading.Thread(target=self._sample, name="machine", daemon=True).start()

    def take(self, step: int) -> MachineMeasured | None:
        """Return the newest measurement as one at ``step``; None if it is not a new one."""
        newest = self._newest
        if newest is None or newest is self._taken:
            return None
        self._taken = newest
        return replace(newest, step=step)

    def stop(self) -> None:
        """End the thread after the measurement it may be in; does not wait for that."""
        self._ended.set()

    def _sample(self) -> None:
        measure = self._prepare()
        values = b""
        while measure is not None and not self._ended.wait(self._seconds):
            measured = measure()
            if values != (values := encode(replace(measured, time=0.0))):
                self._newest = measured


def machine_measure(gpu_uuids: Sequence[str], *, is_alone: bool) -> Measure | None:
    """Return what measures this machine and some of its GPUs; None without any library for it.

    The run's processes are this one if it ``is_alone``, else all that have the same parent.
    """
    psutil, nvml = open_psutil(), open_nvml() if gpu_uuids else None
    if psutil is None and nvml is None:
        return None
    host = Host(psutil)

    def is_own(pid: int) -> bool:
        return pid == os.getpid() or (not is_alone and host.is_sibling(pid))

    gpus = Gpus(nvml, gpu_uuids, is_own) if nvml is not None else None
    return lambda: measured(host, gpus, time.time())


def measured(host: Host, gpus: Gpus | None, now: float) -> MachineMeasured:
    """Return a measurement, its values rounded to what is shown, as an event of step 0."""
    machine, readings = host.read(), gpus.read() if gpus else []
    return MachineMeasured(
        time=now,
        step=0,
        cpu_percent=_rounded(machine.cpu_percent),
        memory_used_bytes=_rounded(machine.used_bytes, _MIB),
        memory_total_bytes=_rounded(machine.total_bytes, _MIB),
        gpu_percent=tuple(_rounded(gpu.percent) for gpu in readings),
        gpu_memory_used_bytes=tuple(_rounded(gpu.used_bytes, _MIB) for gpu in readings),
        gpu_memory_total_bytes=tuple(_rounded(gpu.total_bytes, _MIB) for gpu in readings),
        gpu_other_bytes=tuple(_rounded(gpu.other_bytes, _MIB) for gpu in readings),
        gpu_celsius=tuple(_rounded(gpu.celsius) for gpu in readings),
        gpu_watts=tuple(_rounded(gpu.watts) for gpu in readings),
    )


def _rounded(value: float, unit: int = 1) -> float:
    return round(value / unit) * unit if math.isfinite(value) else math.nan
