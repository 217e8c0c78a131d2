"""Which way of computing a step is fastest on this GPU; measured with the project's own stepper.

``python tests/benchmarks/gpu.py [--out gpu.json] [--seconds 540] [--device cuda]
[--architecture conv]`` writes the JSON anew after each configuration, so that what is there counts
when the time is over. Its ``plans`` go into ``vae_tui/model/step_plan.py``. Needs torch, numpy and
safetensors, no more; on a CPU, where there are no graphs, it measures eager steps. The plain loop
and the matrix products alone are the mlp's.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from gpu_steps import (
    Bench,
    Steps,
    compiled_beside,
    own_steps,
    products_seconds,
    random_digits,
    trainer_speeds,
)
from references import plain_speed
from table import table

from vae_tui.model import ARCHITECTURES
from vae_tui.model.device import choose_device, device_name
from vae_tui.model.step_plan import (
    AUTOGRAD,
    HANDWRITTEN,
    TF32_CAPABILITY,
    StepPlan,
    choose_plan,
    fastest_plans,
)
from vae_tui.run.config import RunConfig
from vae_tui.training.step.cuda_graph import Capture, capture_on_cuda

BATCHES = (256, 1024, 8192, 128, 512, 2048, 4096)
"""The first one decides, and is measured in more detail."""
STEPS_PER_GRAPH = (1, 4, 16)
LOOP = 8
"""How many times longer the plain loop is measured: it starts a process."""


class Report:
    """Writes the rows to a file after each one; knows how much time is left."""

    def __init__(self, path: Path, device: torch.device, seconds: float) -> None:
        self._path = path
        self._ends = time.monotonic() + seconds
        self._slowest = 0.0
        self.rows: list[dict[str, Any]] = []
        self.found: dict[str, Any] = {
            "device": str(device),
            "device_name": device_name(device),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "threads": torch.get_num_threads(),
            "rows": self.rows,
            "plans": [],
            "finished": False,
        }

    def has_time(self) -> bool:
        """Return whether another row as slow as the slowest so far can be measured."""
        return time.monotonic() + self._slowest < self._ends

    def measure(self, row: dict[str, Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Add the row with the work's values, or with its error."""
        if not self.has_time():
            return row
        began = time.monotonic()
        try:
            row |= work()
        except Exception as error:
            row["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
        if "compiled" not in row["what"]:  # it has a limit, and comes when there is time
            self._slowest = max(self._slowest, time.monotonic() - began)
        self.rows.append(row)
        print(json.dumps(row), flush=True)  # noqa: T201
        self.write()
        return row

    def write(self) -> None:
        self._path.write_text(json.dumps(self.found, indent=1) + "\n")


class Contest:
    """Measures everything for one batch size after the other; the ``reference`` decides."""

    def __init__(
        self, bench: Bench, report: Report, precisions: Sequence[str], reference: int
    ) -> None:
        self._bench = bench
        self._report = report
        self._precisions = precisions
        self._reference = reference
        self._plain: dict[int, float] = {}
        self._products: dict[tuple[str, int], float] = {}
        self.speeds: dict[StepPlan, float] = {}
        """Images/s of plans at the reference batch, simpler plans first."""

    def references(self, batch: int) -> None:
        """Measure the plain loop, and the matrix products of each precision."""

        def plain() -> dict[str, Any]:
            bench = self._bench
            speed = plain_speed(bench.images, bench.device, batch, LOOP * bench.seconds)
            self._plain[batch] = speed
            return self._values(speed, batch, "")

        def products(precision: str) -> dict[str, Any]:
            self._products[precision, batch] = products_seconds(self._bench, precision, batch)
            return self._values(batch / self._products[precision, batch], batch, precision)

        self._report.measure({"what": "plain loop", "batch": batch}, plain)
        for precision in self._precisions:
            row = {"what": "matrix products", "precision": precision, "batch": batch}
            self._report.measure(row, lambda precision=precision: products(precision))

    def steps(self, batch: int) -> None:
        """Measure eager steps, and graphs of one and more steps, with either gradient."""
        for plan, eager in self._variants(batch):
            row = self._row("eager" if eager else "graph", plan, batch)

            def work(plan: StepPlan = plan, eager: bool = eager) -> dict[str, Any]:
                steps = own_steps(self._bench, plan, batch, eager=eager)
                return self._measured(steps, batch, plan)

            row = self._report.measure(row, work)
            is_choice = batch == self._reference and eager == (self._bench.capture is None)
            if is_choice and "images/s" in row:
                self.speeds[plan] = row["images/s"]

    def trainer(self, plan: StepPlan, batch: int) -> None:
        """Measure the whole trainer."""

        def work() -> dict[str, Any]:
            alone, together = trainer_speeds(self._bench, plan, batch)
            return self._values(alone, batch, plan.precision) | {"with tests": together}

        self._report.measure(self._row("trainer", plan, batch), work)

    def compiled(self, plan: StepPlan, batch: int) -> None:
        """Measure steps compiled in the background, swapped in when they are ready."""

        def work() -> dict[str, Any]:
            steps, found = compiled_beside(self._bench, plan, batch)
            return self._measured(steps, batch, plan) | found

        row = self._row("compiled", plan, batch) | {"gradient": "compiled autograd"}
        self._report.measure(row, work)

    def _variants(self, batch: int) -> Iterator[tuple[StepPlan, bool]]:
        most = len(self._bench.images.train) // batch
        has_handwritten = self._bench.model().handwritten_gradient is not None
        gradients = (AUTOGRAD, HANDWRITTEN) if has_handwritten else (AUTOGRAD,)
        for precision in self._precisions:
            for gradient in gradients:
                yield StepPlan(precision, gradient), True
            for steps in STEPS_PER_GRAPH if self._bench.capture else ():
                for gradient in gradients:
                    if steps <= most:
                        yield StepPlan(precision, gradient, steps), False

    def _measured(self, steps: Steps, batch: int, plan: StepPlan) -> dict[str, Any]:
        values = self._values(batch / steps.seconds_per_step(), batch, plan.precision)
        if batch == self._reference:
            values["kernels per step"] = steps.kernels_per_step()
        return values

    def _values(self, speed: float, batch: int, precision: str) -> dict[str, Any]:
        products = self._products.get((precision, batch))
        plain = self._plain.get(batch)
        return {
            "images/s": round(speed),
            "us per step": 1e6 * batch / speed,
            "x plain loop": speed / plain if plain else None,
            "of the products' speed": speed * products / batch if products else None,
        }

    def _row(self, what: str, plan: StepPlan, batch: int) -> dict[str, Any]:
        return {"what": what, **asdict(plan), "batch": batch}


def main(line: Sequence[str] | None = None, capture: Capture | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--seconds", type=float, default=540.0, help="of all together")
    parser.add_argument("--each", type=float, default=0.4, help="seconds of each configuration")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="mlp")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--no-compile", action="store_true")
    options = parser.parse_args(line)
    device = choose_device(options.device)
    precisions = ["fp32", "bf16"]
    if device.type == "cuda":
        torch.cuda.set_device(device)
        capture = capture_on_cuda
        if torch.cuda.get_device_capability(device) >= TF32_CAPABILITY:
            precisions.insert(1, "tf32")
    report = Report(options.out, device, options.seconds)
    config = RunConfig(
        dataset="mnist",
        data_dir=".",
        epochs=100_000,
        device=device.type,
        architecture=options.architecture,
    )
    bench = Bench(config, device, random_digits(options.images), capture, options.each)
    contest = Contest(bench, report, precisions, options.batches[0])
    reference, *others = options.batches
    has_references = options.architecture == "mlp"
    if has_references:
        contest.references(reference)
    contest.steps(reference)
    plans = fastest_plans(contest.speeds) if contest.speeds else []
    report.found["plans"] = [asdict(plan) for plan in plans]
    default = choose_plan("auto", device, architecture=options.architecture)
    for plan in dict.fromkeys([default, *plans]):
        contest.trainer(plan, reference)
    for plan in [] if options.no_compile else plans:
        contest.compiled(plan, reference)
    for batch in others:
        if has_references:
            contest.references(batch)
        contest.steps(batch)
    report.found["finished"] = report.has_time()
    report.write()
    print(table(report.rows))  # noqa: T201
    if capture is capture_on_cuda:
        lines = "".join(f"        {plan},\n" for plan in plans)
        print(f"    {(options.architecture, device_name(device))}: (\n{lines}    ),")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
