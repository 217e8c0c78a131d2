"""Adam without `torch.optim.Adam`, whose constructor imports torch._dynamo: 2.5 CPU seconds."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

MOMENTS = ("exp_avg", "exp_avg_sq")
"""Adam's running means of the gradient and of its square, by torch's names."""
_BETAS, _EPS = (0.9, 0.999), 1e-8
_CUDA_TENSORS, _CUDA_BLOCK = 36, 65_536
"""On CUDA a launch takes 36 tensors, and each block up to 65,536 values of one of them.

In 36 pieces the 652,824 weights of the course's network take 11.9 us on an H200, as one tensor
28.9, in 18 or 72 pieces 18.9 and 15.5; 6.5 million weights take 75 and 60 us.
"""
_ALIGNMENT = 4
"""Values that are read at once, if their address allows it."""


class Adam:
    """Fused Adam with torch's defaults; the weights are the same as torch's, bit for bit.

    ``capturable`` keeps the learning rate on the parameters' device, where a CUDA graph reads it.
    """

    def __init__(self, parameters: Sequence[Tensor], lr: float, capturable: bool = False) -> None:
        device = parameters[0].device
        self._lr: float | Tensor = torch.tensor(lr, device=device) if capturable else lr
        self._capturable = capturable
        self.moments = {
            name: [torch.zeros_like(each, requires_grad=False) for each in parameters]
            for name in MOMENTS
        }
        """Tensors in the shapes of the parameters, by their name in `MOMENTS`."""
        values = sum(each.numel() for each in parameters)
        piece = math.ceil(values / _CUDA_TENSORS / _ALIGNMENT) * _ALIGNMENT
        self._piece = piece if device.type == "cuda" and piece < _CUDA_BLOCK else values
        self._parameters = self._pieces([each.detach() for each in parameters])
        self._moments = [self._pieces(self.moments[name]) for name in MOMENTS]
        self.steps = torch.zeros(len(self._parameters), device=device)
        """Steps taken, float32; all are equal, and torch wants one for each tensor."""
        self._steps = list(self.steps.unbind())

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
        mean, mean_of_squares = self._moments
        adam(
            self._parameters,
            self._pieces(gradients),
            mean,
            mean_of_squares,
            [],
            self._steps,
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

    def _pieces(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Return views that together are the tensors, enough of them to occupy a GPU."""
        return [piece for each in tensors for piece in torch.split(each.view(-1), self._piece)]
