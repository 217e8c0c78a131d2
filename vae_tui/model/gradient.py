"""The gradient of a batch's loss in one flat tensor, by autograd, for any architecture.

An architecture may offer a hand-written gradient for the CPU; `gradient_for` chooses. Knows no
optimiser and no data set.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from vae_tui.model.vae import VAE, loss_terms


class Gradient(Protocol):
    """A model's weights and their gradient, each in one tensor of P float32."""

    weights: nn.Parameter
    """All weights; the model's parameters are views of it, in their order."""
    values: Tensor
    """The gradient of the weights; also ``weights.grad``."""

    def forward_backward(
        self, pixels: Tensor, noise: Tensor, beta: Tensor, scale: float
    ) -> tuple[Tensor, Tensor]:
        """Write the gradient of the batch's summed loss, times ``scale``, into `values`.

        Args:
            pixels: uint8 (B, pixels of an image).
            noise: N(0, I), float32 (B, d).
            beta: Weight of the KL, a scalar; the loss of an auto-encoder has no KL.
            scale: 1 / B for the gradient of the mean.

        Returns:
            ``(reconstruction, kl)`` in nats, scalars, summed over the images.
        """


class AutogradGradient:
    """The gradient of any `VAE`, from its modules and `loss_terms`; see `gradient_for`."""

    def __init__(self, model: VAE, precision: str, reconstruction: str) -> None:
        self.weights, self.values = flatten(model)
        self._model = model
        self._parameters = list(model.parameters())
        self._is_bf16 = precision == "bf16"
        self._reconstruction = reconstruction

    def forward_backward(
        self, pixels: Tensor, noise: Tensor, beta: Tensor, scale: float
    ) -> tuple[Tensor, Tensor]:
        """See `Gradient`."""
        images = pixels / 255
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self._is_bf16):
            logits, posterior = self._model(images, noise)
        reconstruction, kl = (
            term.sum() for term in loss_terms(logits, images, posterior, self._reconstruction)
        )
        loss = reconstruction + beta * kl if self._model.noisy else reconstruction
        # Not backward(): its AccumulateGrad nodes stay bound to the stream of the first step, which
        # breaks the capture of a CUDA graph.
        grads = torch.autograd.grad(loss * scale, self._parameters)
        torch.cat([grad.flatten() for grad in grads], out=self.values)
        return reconstruction.detach(), kl.detach()


def gradient_for(model: VAE, precision: str, reconstruction: str) -> Gradient:
    """Return the gradient that was measured fastest on the model's device.

    Args:
        model: Its parameters become views of the gradient's `weights`.
        precision: ``fp32``, or ``bf16`` for the matrix products; losses and sums are float32.
        reconstruction: ``bce`` or ``mse``.
    """
    is_on_cpu = next(model.parameters()).device.type == "cpu"
    kind = (model.cpu_gradient if is_on_cpu else None) or AutogradGradient
    return kind(model, precision, reconstruction)


def flatten(model: VAE) -> tuple[nn.Parameter, Tensor]:
    """Make the model's parameters views of one tensor; return it and its gradient, zeros."""
    parameters = list(model.parameters())
    weights = nn.Parameter(torch.cat([one.detach().flatten() for one in parameters]))
    weights.grad = torch.zeros_like(weights)
    for parameter, view in zip(parameters, views(weights.detach(), parameters), strict=True):
        parameter.data = view
    return weights, weights.grad


def views(flat: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the parts of ``flat`` (P,) in the shapes of the parameters."""
    parts = torch.split(flat, [one.numel() for one in parameters])
    return [part.view(one.shape) for part, one in zip(parts, parameters, strict=True)]
