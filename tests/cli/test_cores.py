import os

import pytest

from vae_tui.cli.cores import MOST_THREADS, default_threads, usable_cores


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def test_processes_share_the_cores_that_may_be_used():
    most = min(len(os.sched_getaffinity(0)), MOST_THREADS)
    assert 1 <= default_threads(1) <= most
    assert default_threads(1_000) == 1


@pytest.mark.parametrize(("given", "expected"), [("3", 3), ("5,2", 5)])
def test_the_variable_of_openmp_decides(given, expected, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert default_threads(1) == expected


@pytest.mark.parametrize("given", ["", "0", "many", "-1"])
def test_a_variable_that_is_no_number_is_ignored(given, monkeypatch):
    expected = default_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert default_threads(1) == expected


def test_a_process_confined_to_one_core_gets_one_thread():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert default_threads(1) == 1
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize(
    ("siblings", "expected"),
    [
        (["0"], 1),
        (["0", "1"], 2),
        (["0-1", "0-1"], 2),  # a virtual machine of AMD's: two CPUs, one core
        (["0-3"] * 4, 2),
        (["0,2", "1,3", "0,2", "1,3"], 2),
        (["0-1", "0-1", "2-3", "2-3", "4-5", "4-5"], 3),
    ],
)
def test_hyperthreads_of_one_core_count_once_but_two_cpus_are_always_two(
    siblings, expected, tmp_path
):
    describe(tmp_path, siblings)
    assert usable_cores(range(len(siblings)), tmp_path, tmp_path / "none") == expected


def test_only_cpus_that_may_be_used_count(tmp_path):
    describe(tmp_path, ["0-1", "0-1", "2-3", "2-3", "4-5", "4-5"])
    assert usable_cores({0}, tmp_path, tmp_path / "none") == 1
    assert usable_cores({2, 3}, tmp_path, tmp_path / "none") == 2
    assert usable_cores({0, 2, 4}, tmp_path, tmp_path / "none") == 3


def test_each_cpu_is_a_core_where_nothing_describes_them(tmp_path):
    assert usable_cores(range(6), tmp_path, tmp_path / "none") == 6


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("100000 100000", 1), ("50000 100000", 1), ("150000 100000", 2), ("max 100000", 2)],
)
def test_a_container_gets_no_more_threads_than_its_quota(quota, expected, tmp_path):
    describe(tmp_path, ["0-1", "0-1"])
    limit = tmp_path / "cpu.max"
    limit.write_text(f"{quota}\n")
    assert usable_cores({0, 1}, tmp_path, limit) == expected


def describe(folder, siblings: list[str]) -> None:
    for cpu, text in enumerate(siblings):
        topology = folder / f"cpu{cpu}/topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{text}\n")
