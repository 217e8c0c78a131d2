"""What a trainer has measured of its machine, in words."""

import math
from collections.abc import Sequence

from vae_tui.run.events import MachineMeasured

_GIB = 1 << 30
_LEAST_OTHER_BYTES = 1 << 27
"""Less memory than this of other processes is not worth a word."""


def machine_parts(measured: MachineMeasured, *, unicode: bool = True) -> list[str]:
    """Return the parts of a line, most important first; none for what is not known.

    Of several GPUs each value is given: ``GPU 87/90 %``.
    """
    degrees = " °C" if unicode else " C"
    others = measured.gpu_other_bytes
    other_processes = _part("other processes ", [size / _GIB for size in others], " GiB", digits=1)
    return [
        *_part("GPU ", measured.gpu_percent, " %"),
        *_memory("", measured.gpu_memory_used_bytes, measured.gpu_memory_total_bytes),
        *(other_processes if any(size >= _LEAST_OTHER_BYTES for size in others) else []),
        *_part("", measured.gpu_celsius, degrees),
        *_part("", measured.gpu_watts, " W"),
        *_part("CPU ", [measured.cpu_percent], " %"),
        *_memory("RAM ", [measured.memory_used_bytes], [measured.memory_total_bytes]),
    ]


def _memory(name: str, used: Sequence[float], total: Sequence[float]) -> list[str]:
    largest = max((size for size in total if math.isfinite(size)), default=math.nan)
    if not math.isfinite(largest):
        return []
    digits = 1 if largest < 100 * _GIB else 0
    unit = f" of {largest / _GIB:.0f} GiB"
    return _part(name, [size / _GIB for size in used], unit, digits=digits)


def _part(name: str, values: Sequence[float], unit: str, *, digits: int = 0) -> list[str]:
    if not any(map(math.isfinite, values)):
        return []
    shown = (f"{value:.{digits}f}" if math.isfinite(value) else "?" for value in values)
    return [f"{name}{'/'.join(shown)}{unit}"]
