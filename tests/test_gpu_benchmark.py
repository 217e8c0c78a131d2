"""The benchmark of the GPU step, small and on the CPU with a stand-in for graphs."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import gpu
from support.graph_stand_in import recorded

SMALL = ["--device", "cpu", "--batches", "16", "32", "--images", "80", "--each", "0"]


def measure(folder: Path, *more: str) -> dict:
    out = folder / "gpu.json"
    line = [*SMALL, "--no-compile", "--out", str(out), *more]
    assert gpu.main(line, capture=recorded) == 0
    return json.loads(out.read_text())


def test_each_way_of_computing_a_step_is_measured_and_the_fastest_plans_are_named(tmp_path):
    found = measure(tmp_path)
    assert found["finished"]
    assert not [row for row in found["rows"] if "error" in row]
    assert {(row["what"], row["batch"]) for row in found["rows"]} == {
        *((what, batch) for what in ("plain loop", "matrix products", "eager", "graph")
          for batch in (16, 32)),
        ("trainer", 16),
    }  # fmt: skip
    graphs = [row for row in found["rows"] if row["what"] == "graph" and row["batch"] == 16]
    assert {(row["precision"], row["gradient"], row["steps_per_graph"]) for row in graphs} == {
        (precision, gradient, steps)
        for precision in ("fp32", "bf16")
        for gradient in ("autograd", "handwritten")
        for steps in (1, 4)
    }
    assert sorted(plan["precision"] for plan in found["plans"]) == ["bf16", "fp32"]
    assert all(row["images/s"] > 0 and row["x plain loop"] for row in found["rows"])


def test_without_time_what_was_measured_so_far_is_in_the_file(tmp_path):
    found = measure(tmp_path, "--seconds", "0.001")
    assert len(found["rows"]) <= 1
    assert not found["finished"]
