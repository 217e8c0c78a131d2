import math

import pytest

from vae_tui.run.machine.memory import VARIABLE, available_memory

GIB = 1 << 30


def write(folder, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


@pytest.fixture
def machine(tmp_path):
    """A machine with 8 GiB available, and a process in a cgroup of each version."""
    write(tmp_path / "proc", meminfo=f"MemTotal: 9 kB\nMemAvailable: {8 << 20} kB")
    write(tmp_path / "proc" / "self", cgroup="4:cpu,memory:/job\n0::/outer/inner")
    write(tmp_path / "cgroups" / "outer" / "inner", memory__max="max", memory__current=5)
    return tmp_path


def memory(machine, environment=()) -> float:
    return available_memory(dict(environment), machine / "proc", machine / "cgroups")


def test_without_a_limit_it_is_what_the_machine_has(machine):
    assert memory(machine) == 8 * GIB


def test_the_limit_of_a_cgroup_above_counts_less_its_use_that_cannot_be_reclaimed(machine):
    write(
        machine / "cgroups" / "outer",
        memory__max=4 * GIB, memory__current=3 * GIB,
        memory__stat=f"anon {GIB}\ninactive_file {2 * GIB}",
    )  # fmt: skip
    assert memory(machine) == 3 * GIB


def test_the_limit_of_an_older_cgroup_counts_too(machine):
    write(
        machine / "cgroups" / "memory" / "job",
        memory__limit_in_bytes=2 * GIB, memory__usage_in_bytes=GIB,
        memory__stat=f"total_inactive_file {GIB // 2}",
    )  # fmt: skip
    assert memory(machine) == 1.5 * GIB


def test_the_environment_overrides_it(machine):
    assert memory(machine, {VARIABLE: "0.5"}.items()) == 0.5e9
    assert memory(machine, {VARIABLE: "much"}.items()) == 8 * GIB


def test_of_this_machine_it_is_known(tmp_path):
    assert 0 < available_memory({}) < math.inf
