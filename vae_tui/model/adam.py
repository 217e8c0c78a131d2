"""Adam without `torch.optim.Adam`, whose constructor imports torch._dynamo: 2.5 CPU seconds."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

MOMENTS = ("exp_avg", "exp_avg_sq")
"""Adam's running means of the gradient and of its square, by torch's names."""
_BETAS, _EPS = (0.9, 0.999), 1e-8


class Adam:
    """Fused Adam with torch's defaults; the weights are the same as torch's, bit for bit.

    ``capturable`` keeps the learning rate on the parameters' device, where a CUDA graph reads it.
    """

    def __init__(self, parameters: Sequence[Tensor], lr: float, capturable: bool = False) -> None:
        self._parameters = list(parameters)
        device = self._parameters[0].device
        self._lr: float | Tensor = torch.tensor(lr, device=device) if capturable else lr
        self._capturable = capturable
        self.steps = [torch.zeros((), device=device) for _ in self._parameters]
        """Steps taken, a float32 scalar for each parameter."""
        self.moments = {
            name: [torch.zeros_like(each, requires_grad=False) for each in self._parameters]
            for name in MOMENTS
        }
        """Tensors in the shapes of the parameters, by their name in `MOMENTS`."""

    @property
    def lr(self) -> float:
        """The learning rate; setting it counts from the next step, also in a captured graph."""
        return float(self._lr)

    @lr.setter
    def lr(self, lr: float) -> None:
        if isinstance(self._lr, Tensor):
            self._lr.fill_(lr)
        else:
            self._lr = lr

    @property
    def options(self) -> dict[str, Any]:
        """What a parameter group of `torch.optim.Adam` must hold, without its parameters."""
        return {"lr": self.lr, "betas": _BETAS, "eps": _EPS, "weight_decay": 0}

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """Change the parameters by their gradients."""
        mean, mean_of_squares = (self.moments[name] for name in MOMENTS)
        adam(
            self._parameters,
            list(gradients),
            mean,
            mean_of_squares,
            [],
            self.steps,
            fused=True,
            capturable=self._capturable,
            amsgrad=False,
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            lr=self._lr,
            weight_decay=0,
            eps=_EPS,
            maximize=False,
        )
