"""The devices that a test runs on: always the CPU, and a GPU where there is one."""

import pytest
import torch

from vae_tui.model.step_plan import AUTOGRAD, HANDWRITTEN, TF32_CAPABILITY, StepPlan

CUDA = torch.device("cuda", 0)
ON_CUDA = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device"),
]
DEVICES = [torch.device("cpu"), pytest.param(CUDA, marks=ON_CUDA)]


def plans(*steps_per_graph: int) -> list[object]:
    """Return parameters ``(device, plan)``: each device with each of its precisions."""
    found = []
    for precision in ("fp32", "tf32", "bf16"):
        for gradient in (HANDWRITTEN, AUTOGRAD):
            for steps in steps_per_graph:
                plan = StepPlan(precision, gradient, steps)
                name = f"{precision}-{gradient}-{steps}"
                if precision != "tf32":
                    found.append(pytest.param(torch.device("cpu"), plan, id=f"cpu-{name}"))
                found.append(pytest.param(CUDA, plan, id=f"cuda-{name}", marks=ON_CUDA))
    return found


def has_tf32() -> bool:
    return torch.cuda.is_available() and torch.cuda.get_device_capability() >= TF32_CAPABILITY
