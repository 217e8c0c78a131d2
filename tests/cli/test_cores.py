import os

import pytest

from vae_tui.cli.cores import MOST_THREADS, default_threads


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
