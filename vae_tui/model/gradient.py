"""The gradient of a batch's loss in one flat tensor, by autograd, for any architecture.

An architecture may have a hand-written gradient; a `StepPlan` says which is used. Knows no
optimiser and no data set.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from vae_tui.model.step_plan import AUTOGRAD, HANDWRITTEN, StepPlan
from vae_tui.model.vae import VAE, kl_terms, loss_terms, with_free_bits


class Gradient(Protocol):
    """A model's weights and their gradient, each in one tensor of P float32."""

    kind: str
    """``autograd`` or ``handwritten``."""
    weights: nn.Parameter
    """All weights; the model's parameters are views of it, in their order."""
    values: Tensor
    """The gradient of the weights; also ``weights.grad``."""

    def forward_backward(
        self, pixels: Tensor, noise: Tensor, beta: Tensor, scale: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Write the gradient of the batch's summed loss, times ``scale``, into `values`.

        Args:
            pixels: uint8 (B, pixels of an image).
            noise: N(0, I), float32 (B, d).
            beta: Weight of the KL, a scalar; the loss of an auto-encoder has no KL.
            scale: 1 / B for the gradient of the mean.

        Returns:
            ``(reconstruction, kl, kl_in_loss)`` in nats, scalars, summed over the images. The loss
            has the last one, which differs from the true KL with free bits.
        """


Losses = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor, Tensor]]
"""Takes pixels, noise and beta; returns the batch's loss and what `Gradient` returns."""


class AutogradGradient:
    """The gradient of any `VAE`, from its modules and `loss_terms`.

    ``transform`` replaces the function that computes the losses, by a compiled one for instance.
    """

    kind = AUTOGRAD

    def __init__(
        self,
        model: VAE,
        precision: str,
        reconstruction: str,
        free_bits: float = 0.0,
        *,
        transform: Callable[[Losses], Losses] = lambda losses: losses,
    ) -> None:
        self.weights, self.values = flatten(model)
        self._model = model
        self._parameters = list(model.parameters())
        self._is_bf16 = precision == "bf16"
        self._reconstruction = reconstruction
        self._free_bits = free_bits
        self._transformed = transform(self._losses)

    def forward_backward(
        self, pixels: Tensor, noise: Tensor, beta: Tensor, scale: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See `Gradient`."""
        loss, *terms = self._transformed(pixels, noise, beta)
        # Not backward(): its AccumulateGrad nodes stay bound to the stream of the first step, which
        # breaks the capture of a CUDA graph.
        grads = torch.autograd.grad(loss * scale, self._parameters)
        torch.cat([grad.flatten() for grad in grads], out=self.values)
        reconstruction, kl, kl_in_loss = (term.detach() for term in terms)
        return reconstruction, kl, kl_in_loss

    def _losses(
        self, pixels: Tensor, noise: Tensor, beta: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        images = pixels / 255
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self._is_bf16):
            logits, posterior = self._model(images, noise)
        reconstruction, kl = (
            term.sum()
            for term in loss_terms(
                *(logits, images, posterior, self._reconstruction, self._model.pixel_log_variance)
            )
        )
        kl_in_loss = kl
        if self._free_bits:
            kl_in_loss = with_free_bits(kl_terms(posterior), self._free_bits).sum()
        loss = reconstruction + beta * kl_in_loss if self._model.noisy else reconstruction
        return loss, reconstruction, kl, kl_in_loss


def gradient_for(
    model: VAE, plan: StepPlan, reconstruction: str, free_bits: float = 0.0
) -> Gradient:
    """Return the model's gradient, computed as the plan says.

    Args:
        model: Its parameters become views of the gradient's `weights`.
        plan: Losses and sums are float32 in every precision.
        reconstruction: ``bce``, ``mse`` or ``gaussian``.
        free_bits: KL in nats below which a dimension of an image costs nothing.
    """
    if next(model.parameters()).device.type == "cuda":
        # Settings of the whole process, which trains one network: they count for tests too.
        is_tf32 = plan.precision == "tf32"
        torch.set_float32_matmul_precision("high" if is_tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = is_tf32
        torch.backends.cudnn.deterministic = True
    handwritten = None
    if plan.gradient == HANDWRITTEN and reconstruction != "gaussian":
        handwritten = model.handwritten_gradient
    return (handwritten or AutogradGradient)(model, plan.precision, reconstruction, free_bits)


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
