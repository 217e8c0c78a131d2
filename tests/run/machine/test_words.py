"""A measurement of the machine, as a line."""

import math

from vae_tui.run.events import MachineMeasured
from vae_tui.run.machine.words import machine_parts

GIB = float(1 << 30)
NAN = math.nan


def parts(unicode: bool = True, **values: object) -> list[str]:
    return machine_parts(MachineMeasured(time=0.0, step=0, **values), unicode=unicode)  # type: ignore[arg-type]


def test_a_gpu_comes_before_the_processor():
    shown = parts(
        cpu_percent=12,
        memory_used_bytes=21.25 * GIB,
        memory_total_bytes=128 * GIB,
        gpu_percent=(87,),
        gpu_memory_used_bytes=(12.4 * GIB,),
        gpu_memory_total_bytes=(80 * GIB,),
        gpu_other_bytes=(12.3 * GIB,),
        gpu_celsius=(64,),
        gpu_watts=(310,),
    )
    assert ", ".join(shown) == (
        "GPU 87 %, 12.4 of 80 GiB, other processes 12.3 GiB, 64 °C, 310 W, CPU 12 %, "
        "RAM 21 of 128 GiB"
    )


def test_several_gpus_are_numbered_and_what_one_does_not_report_is_a_question_mark():
    shown = parts(
        unicode=False,
        gpu_percent=(87, NAN),
        gpu_memory_used_bytes=(1 * GIB, 2 * GIB),
        gpu_memory_total_bytes=(24 * GIB, 24 * GIB),
        gpu_other_bytes=(NAN, GIB),
        gpu_celsius=(64, 70),
        gpu_watts=(NAN, NAN),
    )
    assert shown == ["GPU 87/? %", "1.0/2.0 of 24 GiB", "other processes ?/1.0 GiB", "64/70 C"]


def test_nothing_known_is_nothing_shown():
    assert parts() == []
    assert parts(gpu_percent=(NAN,), gpu_other_bytes=(NAN,)) == []
    assert parts(gpu_percent=(5,), gpu_other_bytes=(64e6,)) == ["GPU 5 %"]
