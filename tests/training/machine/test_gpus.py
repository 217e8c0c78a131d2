"""What is read of GPUs; NVML is a stand-in."""

import math
import os
from collections.abc import Callable

import pytest
from support.fake_nvml import FakeGpu, FakeNvml

from vae_tui.training.machine.gpus import LIST_EVERY, Gpus

GIB = 1 << 30
PID = os.getpid()


def gpus(nvml: FakeNvml, *uuids: str, is_own: Callable[[int], bool] = lambda pid: pid == PID):
    return Gpus(nvml, uuids, is_own)


def test_a_gpu_reports_its_load_memory_temperature_and_power():
    nvml = FakeNvml(FakeGpu("GPU-a"), FakeGpu("GPU-b"))
    (reading,) = gpus(nvml, "a").read()
    assert (reading.percent, reading.used_bytes, reading.total_bytes) == (87, 13 * GIB, 80 * GIB)
    assert (reading.celsius, reading.watts) == (64, pytest.approx(310.4))


def test_gpus_are_read_in_the_order_given_and_unknown_ones_are_left_out():
    nvml = FakeNvml(FakeGpu("GPU-a", percent=1), FakeGpu("GPU-b", percent=2))
    assert [one.percent for one in gpus(nvml, "b", "elsewhere", "a").read()] == [2, 1]
    assert gpus(FakeNvml(), "a").read() == []


def test_memory_of_other_processes_is_what_is_used_without_the_runs_own():
    own = {PID: 700 << 20, 4711: 12 * GIB}
    nvml = FakeNvml(FakeGpu("GPU-a", processes=own))
    assert gpus(nvml, "a").read()[0].other_bytes == 13 * GIB - (700 << 20)
    two_ranks = gpus(nvml, "a", is_own=lambda pid: pid in own).read()
    assert two_ranks[0].other_bytes == 13 * GIB - (700 << 20) - 12 * GIB


@pytest.mark.parametrize("listed", [None, {}, {4711: 12 * GIB}, {PID: None}])
def test_it_is_not_known_where_the_runs_own_memory_is_not(listed):
    nvml = FakeNvml(FakeGpu("GPU-a", processes=listed))
    assert math.isnan(gpus(nvml, "a").read()[0].other_bytes)


def test_an_old_driver_reports_memory_but_not_that_of_others():
    nvml = FakeNvml(FakeGpu("GPU-a", processes={PID: GIB}), knows_second_version=False)
    (reading,) = gpus(nvml, "a").read()
    assert reading.used_bytes == 13 * GIB + (512 << 20)
    assert math.isnan(reading.other_bytes)


def test_another_package_of_the_same_name_reports_what_it_has():
    class Older(FakeNvml):
        @property
        def nvmlMemory_v2(self):
            raise AttributeError

        def nvmlDeviceGetMemoryInfo(self, gpu: FakeGpu):
            return super().nvmlDeviceGetMemoryInfo(gpu)

    (reading,) = gpus(Older(FakeGpu("GPU-a", processes={PID: GIB})), "a").read()
    assert reading.used_bytes == 13 * GIB + (512 << 20)
    assert math.isnan(reading.other_bytes)


def test_processes_are_listed_at_few_readings_only():
    nvml = FakeNvml(FakeGpu("GPU-a", processes={PID: GIB}))
    some = gpus(nvml, "a")
    readings = [some.read()[0] for _ in range(LIST_EVERY)]
    assert nvml.lists == 1
    assert {reading.other_bytes for reading in readings} == {12 * GIB}
    nvml.gpus["GPU-a"].used = 20 * GIB
    assert some.read()[0].other_bytes == 19 * GIB
    assert nvml.lists == 2


def test_a_gpu_that_does_not_report_its_power_reports_the_rest():
    (reading,) = gpus(FakeNvml(FakeGpu("GPU-a", milliwatts=None)), "a").read()
    assert math.isnan(reading.watts)
    assert (reading.percent, reading.celsius) == (87, 64)


def test_a_part_of_a_gpu_reports_its_memory_alone():
    part = FakeGpu("MIG-a", percent=None, celsius=None, milliwatts=None, used=GIB, total=10 * GIB)
    (reading,) = gpus(FakeNvml(part), "a").read()
    assert (reading.used_bytes, reading.total_bytes) == (GIB, 10 * GIB)
    assert math.isnan(reading.percent + reading.celsius + reading.watts)


def test_a_driver_that_is_lost_in_the_middle_of_a_run_reports_nothing_and_raises_nothing():
    nvml = FakeNvml(FakeGpu("GPU-a", processes={PID: GIB}))
    some = gpus(nvml, "a")
    assert some.read()[0].percent == 87
    nvml.is_lost = True
    for _ in range(LIST_EVERY + 1):
        (reading,) = some.read()
    values = (reading.percent, reading.used_bytes, reading.other_bytes, reading.watts)
    assert all(map(math.isnan, values))
    nvml.is_lost = False
    assert some.read()[0].percent == 87
