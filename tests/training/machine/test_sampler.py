"""The thread that measures the machine."""

import math
import os
import subprocess
import sys
import threading
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from support.fake_nvml import FakeGpu, FakeNvml
from support.real_runs import wait_until

from vae_tui.run.events import MachineMeasured, decode, encode
from vae_tui.training.machine.gpus import Gpus
from vae_tui.training.machine.host import Host
from vae_tui.training.machine.sampler import MachineSampler, machine_measure, measured

FAST = 0.001


class Readings:
    """A measurement of a test: ``percent`` is what it returns next."""

    def __init__(self) -> None:
        self.percent = 1.0
        self.count = 0
        self.threads: set[int] = set()

    def __call__(self) -> MachineMeasured:
        self.count += 1
        self.threads.add(threading.get_ident())
        return MachineMeasured(time=float(self.count), step=0, cpu_percent=self.percent)


def taken(sampler: MachineSampler, step: int = 7) -> MachineMeasured:
    return wait_until(lambda: sampler.take(step))


def test_a_measurement_is_taken_once_with_the_step_of_the_trainer():
    readings = Readings()
    sampler = MachineSampler(lambda: readings, FAST)
    first = taken(sampler, step=7)
    assert (first.step, first.cpu_percent) == (7, 1.0)
    count = readings.count
    wait_until(lambda: readings.count > count + 3)  # the same values again are no news
    assert sampler.take(8) is None
    readings.percent = math.nan
    assert math.isnan(taken(sampler, step=9).cpu_percent)
    count = readings.count
    wait_until(lambda: readings.count > count + 3)
    assert sampler.take(10) is None
    sampler.stop()
    assert threading.get_ident() not in readings.threads


def test_after_the_stop_nothing_is_measured_any_more():
    readings, before = Readings(), set(threading.enumerate())
    sampler = MachineSampler(lambda: readings, FAST)
    (thread,) = set(threading.enumerate()) - before
    taken(sampler)
    sampler.stop()
    wait_until(lambda: not thread.is_alive())


def test_the_measuring_thread_keeps_no_process_alive_even_where_the_driver_hangs():
    code = (
        "import threading\n"
        "from vae_tui.training.machine.sampler import MachineSampler\n"
        "MachineSampler(lambda: threading.Event().wait, 0.001)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_host_is_measured_as_psutil_sees_it():
    host = Host(psutil)
    reading = host.read()
    assert 0 <= reading.cpu_percent <= 100
    assert 0 < reading.used_bytes < reading.total_bytes == psutil.virtual_memory().total
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not host.is_sibling(child.pid)
        assert host.is_sibling(os.getpid())
    finally:
        child.communicate()
    assert not host.is_sibling(child.pid)


def test_a_machine_without_psutil_or_without_its_files_reports_nothing():
    def fails() -> None:
        raise FileNotFoundError("/proc/stat")

    without_proc = SimpleNamespace(cpu_percent=fails, virtual_memory=fails, Error=psutil.Error)
    for module in (None, without_proc):
        assert math.isnan(Host(module).read().cpu_percent)
    assert not Host(None).is_sibling(os.getpid())


def test_values_are_rounded_to_what_is_shown_and_survive_the_log():
    gpus = Gpus(FakeNvml(FakeGpu("GPU-a", milliwatts=None)), ["a"], lambda pid: False)
    event = measured(Host(psutil), gpus, now=5.0)
    assert event.memory_total_bytes % (1 << 20) == 0
    assert event.gpu_memory_used_bytes == (13 << 30,)
    assert math.isnan(event.gpu_watts[0])
    read = decode(encode(event))
    assert isinstance(read, MachineMeasured)
    known = {"gpu_watts": (), "gpu_other_bytes": ()}  # NaN equals nothing
    assert math.isnan(read.gpu_watts[0])
    assert replace(read, **known) == replace(event, **known)


def test_an_hour_of_measurements_takes_little_of_the_log():
    gpu = FakeGpu("GPU-a", processes={os.getpid(): 1 << 30})
    eight = Gpus(FakeNvml(gpu), ["a"] * 8, lambda pid: True)
    for gpus, most in ((None, 300), (eight, 800)):
        event = measured(Host(psutil), gpus, now=1_800_000_000.1234567)
        assert len(encode(replace(event, step=1_000_000))) < most


@pytest.mark.parametrize("missing", ["psutil", "pynvml"])
def test_without_a_package_the_rest_is_measured(missing):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from vae_tui.training.machine.sampler import machine_measure\n"
        "measure = machine_measure(['a'], is_alone=True)\n"
        "print(measure and measure().cpu_percent >= 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("True" if missing == "pynvml" else "None")


def test_a_machine_without_a_gpu_reports_none():
    measure = machine_measure([], is_alone=True)
    assert measure is not None
    assert measure().gpu_percent == ()
