"""How a training step is computed on each kind of device: the one place of the defaults.

On the CPU the rule depends on the processor. On a GPU it is a table of measurements: a GPU that is
not in it computes in plain float32 by autograd. Nothing is measured when a run starts, because the
same seed must give the same run, and a run can be shorter than the measurement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from vae_tui.model.device import CPUINFO, device_name

AUTOGRAD, HANDWRITTEN = "autograd", "handwritten"
TF32_CAPABILITY = (8, 0)
"""Compute capability from which NVIDIA's GPUs multiply in TF32: Ampere."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How a training step is computed."""

    precision: str
    """Of the matrix products: ``fp32``, ``tf32`` (NVIDIA's shortened float32) or ``bf16``."""
    gradient: str = HANDWRITTEN
    """``handwritten``, where the architecture has one, or ``autograd``."""
    steps_per_graph: int = 1
    """Steps in one CUDA graph; it changes no result."""


UNMEASURED = StepPlan("fp32", AUTOGRAD)
"""On a GPU that is not in `MEASURED` with the architecture."""
_CONV = (StepPlan("bf16", AUTOGRAD), StepPlan("fp32", AUTOGRAD), StepPlan("tf32", AUTOGRAD))
_MLP = (StepPlan("fp32", HANDWRITTEN, 16), StepPlan("bf16", HANDWRITTEN, 4))
MEASURED: Mapping[tuple[str, str], Sequence[StepPlan]] = {
    ("mlp", "NVIDIA H200"): (StepPlan("tf32", HANDWRITTEN, 1), *_MLP),
    ("mlp", "NVIDIA H100 80GB HBM3"): (StepPlan("tf32", HANDWRITTEN, 4), *_MLP),
    ("conv", "NVIDIA H200"): _CONV,
    ("conv", "NVIDIA H100 80GB HBM3"): _CONV,
}
"""By architecture and GPU, the plans that ``tests/benchmarks/gpu.py`` prints at its end.

The default is first. Batches of 256 of 28x28 grey images, torch 2.11 with CUDA 13.0. The trainer's
images/s:

    ==================  ==========  =========  =========  =========
    architecture        GPU         fp32       tf32       bf16
    ==================  ==========  =========  =========  =========
    mlp                 H200        1,085,000  1,399,000  1,477,000
    mlp                 H100        1,054,000  1,386,000  1,457,000
    conv                H200           30,700     99,700    119,400
    conv                H100           30,300     93,900    113,800
    ==================  ==========  =========  =========  =========
"""

_FASTER_IN_BF16 = {
    ("mlp", "AuthenticAMD"): "avx512_bf16",
    ("mlp", "GenuineIntel"): "amx_bf16",
    ("conv", "AuthenticAMD"): "avx512_bf16",
}
"""By architecture and the processor's maker, the instructions with which bf16 is faster.

An EPYC with AVX512-BF16 trains 126,686 images/s of the mlp in bf16 and 54,956 in fp32. The
gradient of conv takes 0.80 of the CPU time of fp32 there (28x28, 256 images: 253 and 317 ms) and
0.72 (32x32 in colour: 257 and 355 ms). An Intel processor needs AMX: on a Xeon without it a step's
matrix products (mlp, batch 256, medians) take 13.0 ms in bf16 and 7.7 in fp32 with two threads,
11.9 and 7.1 with one; a whole step takes 13.2 and 9.0, 18.8 and 11.4. conv was not tried with AMX.
"""

_PRECISIONS = ("fp32", "tf32", "bf16")
"""Most exact first."""
_FASTER_PRECISION = 1.1
"""The ratio of speeds from which a less exact precision is the default."""
_FASTER_PLAN = 1.03
"""The ratio of speeds from which a later one of several equally exact plans is chosen."""


def choose_plan(
    precision: str,
    device: torch.device,
    cpuinfo: Path = CPUINFO,
    *,
    architecture: str = "mlp",
) -> StepPlan:
    """Return how steps are computed on the device with ``--precision``, which may be ``auto``.

    The choice depends on the kind of hardware alone, never on a measurement: a resumed run
    must compute what it would have computed. ``cpuinfo`` describes the processor on Linux.
    A device without TF32 computes in fp32 instead.
    """
    if device.type == "cuda":
        has_tf32 = torch.cuda.get_device_capability(device) >= TF32_CAPABILITY
        if precision == "tf32" and not has_tf32:
            precision = "fp32"
        return plan_on_gpu(precision, MEASURED.get((architecture, device_name(device)), ()))
    if precision == "auto":
        is_bf16 = device.type == "cpu" and _is_bf16_faster(architecture, cpuinfo)
        precision = "bf16" if is_bf16 else "fp32"
    gradient = HANDWRITTEN if device.type == "cpu" else AUTOGRAD
    return StepPlan("fp32" if precision == "tf32" else precision, gradient)


def plan_on_gpu(precision: str, measured: Sequence[StepPlan]) -> StepPlan:
    """Return the plan for ``--precision`` on a GPU of which these plans are the fastest."""
    if precision == "auto":
        return measured[0] if measured else UNMEASURED
    plans = (plan for plan in measured if plan.precision == precision)
    return next(plans, replace(UNMEASURED, precision=precision))


def fastest_plans(speeds: Mapping[StepPlan, float]) -> list[StepPlan]:
    """Return the best plan of each precision, the default first; this is the rule of the table.

    Args:
        speeds: Images per second of each plan measured, the simpler plans first.
    """
    best: dict[str, StepPlan] = {}
    for plan, speed in speeds.items():
        current = best.setdefault(plan.precision, plan)
        if speed > _FASTER_PLAN * speeds[current]:
            best[plan.precision] = plan
    plans = [best[precision] for precision in _PRECISIONS if precision in best]
    default = plans[0]
    for plan in plans:
        if speeds[plan] > _FASTER_PRECISION * speeds[default]:
            default = plan
    return [default, *(plan for plan in plans if plan != default)]


def _is_bf16_faster(architecture: str, cpuinfo: Path) -> bool:
    """Return whether the CPU was measured to train the architecture faster in bf16 than in fp32."""
    try:
        lines = cpuinfo.read_text("ascii", errors="replace").splitlines()
    except OSError:  # not Linux
        return False
    # The first processor's; they are alike.
    facts = dict(line.replace("\t", "").split(":", 1) for line in reversed(lines) if ":" in line)
    needed = _FASTER_IN_BF16.get((architecture, facts.get("vendor_id", "").strip()))
    return needed in facts.get("flags", "").split()
