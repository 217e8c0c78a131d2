"""The variational auto-encoder, the classic auto-encoder it is compared with, and their loss."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from vae_tui.model.gaussian import FIRST_LOG_VARIANCE, LOWEST_LOG_VARIANCE, SCALE, loss_coefficients

if TYPE_CHECKING:
    from vae_tui.model.gradient import Gradient


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """q(z|x), a diagonal Gaussian for each image: mean and log-variance, (B, d) each."""

    mean: Tensor
    logvar: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Return z for noise drawn from N(0, I), (B, d) or (K, B, d)."""
        return self.mean + noise * torch.exp(0.5 * self.logvar)


class VAE(nn.Module):
    """An encoder and a decoder of any architecture; P is the number of values of an image.

    Args:
        encoder: Images in [0, 1], (B, P), to means and log-variances side by side, (B, 2d).
        decoder: Codes (B, d) to the logits of the pixels, (B, P).
        latent_dim: d, the size of a code.
        noisy: False makes it the classic auto-encoder: the code is the mean.
    """

    handwritten_gradient: "Callable[[VAE, str, str, float], Gradient] | None" = None
    """Constructor of a faster `Gradient` that equals autograd's; None if there is none.

    It takes model, precision, reconstruction and free bits.
    """
    sums_depend_on_threads = True
    """Whether the gradient on a CPU can have other bits with another number of threads."""

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, latent_dim: int, *, noisy: bool
    ) -> None:
        super().__init__()
        self.scaled_log_variance: nn.Parameter | None = None
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = latent_dim
        self.noisy = noisy

    def learn_variance(self) -> None:
        """Learn the variance of the pixels' Gaussian, one number for all pixels."""
        self.scaled_log_variance = nn.Parameter(torch.tensor([FIRST_LOG_VARIANCE / SCALE]))

    @property
    def pixel_log_variance(self) -> Tensor | None:
        """Log-variance of the pixels' Gaussian, (1,); None unless it is learned.

        It is above `LOWEST_LOG_VARIANCE`. The limit is a softplus, whose gradient never vanishes.
        """
        if self.scaled_log_variance is None:
            return None
        above = SCALE * self.scaled_log_variance - LOWEST_LOG_VARIANCE
        return LOWEST_LOG_VARIANCE + functional.softplus(above)

    def encode(self, images: Tensor) -> Posterior:
        """Return q(z|x) in float32 for images in [0, 1], (B, P)."""
        mean, logvar = self.encoder(images).float().chunk(2, dim=1)
        return Posterior(mean, logvar)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the logits of the pixels in float32, (B, P), for codes (B, d)."""
        logits: Tensor = self.decoder(codes).float()
        return logits

    def forward(self, images: Tensor, noise: Tensor | None) -> tuple[Tensor, Posterior]:
        """Return logits (B, P) and q(z|x); z is the mean when ``noise`` (B, d) is None."""
        posterior = self.encode(images)
        if noise is None or not self.noisy:
            return self.decode(posterior.mean), posterior
        return self.decode(posterior.sample(noise)), posterior


def loss_terms(
    logits: Tensor,
    images: Tensor,
    posterior: Posterior,
    reconstruction: str = "bce",
    log_variance: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the two halves of the negative ELBO, in nats, for each image.

    Args:
        logits: Decoder output before the sigmoid, (B, P).
        images: Targets in [0, 1], (B, P).
        posterior: q(z|x) of the same images.
        reconstruction: ``bce``; ``mse`` for half the squared error, which is the negative
            log-likelihood of a Gaussian of variance 1 up to a constant; ``gaussian`` for the
            negative log-likelihood of a Gaussian with the model's variance.
        log_variance: `VAE.pixel_log_variance`, for ``gaussian``.

    Returns:
        ``(reconstruction, kl)``, (B,) each: summed over pixels, and over dimensions.

    Source:
        Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, appendix B.
    """
    losses = reconstruction_loss(logits, images, reconstruction, log_variance)
    return losses, kl_terms(posterior).sum(1)


def reconstruction_loss(
    logits: Tensor, images: Tensor, reconstruction: str = "bce", log_variance: Tensor | None = None
) -> Tensor:
    """Return the reconstruction half alone, (B,), in nats; arguments as in ``loss_terms``."""
    if reconstruction != "bce":
        errors = (torch.sigmoid(logits) - images).square().sum(1)
        if log_variance is None:
            return 0.5 * errors
        constant = images.shape[1] * (math.log(2 * math.pi) + log_variance)
        return 0.5 * (constant + errors * torch.exp(-log_variance))
    return functional.binary_cross_entropy_with_logits(logits, images, reduction="none").sum(1)


def kl_terms(posterior: Posterior) -> Tensor:
    """Return KL(q(z|x) || N(0, I)) of each image and dimension, (B, d), in nats."""
    logvar = posterior.logvar
    return 0.5 * (torch.exp(logvar) - logvar - 1 + posterior.mean.square())


def with_free_bits(kl: Tensor, free_bits: float) -> Tensor:
    """Return the KL that the loss uses of each image and dimension, (B, d): at least ``free_bits``.

    A smaller KL costs as much as ``free_bits`` and has no gradient, so a dimension is not pushed
    below it. Kingma et al. 2016 (https://arxiv.org/abs/1606.04934, appendix C.8) clamp the mean
    over the minibatch instead of each image's KL, and groups of dimensions instead of single ones.
    Here the loss stays a plain sum over images: several processes would have to exchange a mean
    over the batch before the backward pass.

    Args:
        kl: As `kl_terms` returns it, (B, d).
        free_bits: In nats.
    """
    return kl.clamp_min(free_bits) if free_bits else kl


def reference_losses(train: Tensor, test: Tensor, reconstruction: str) -> tuple[float, float]:
    """Return the reconstruction losses between which training moves, in nats per image.

    ``(floor, collapse)`` on the test images, uint8 as those for training: the loss of a perfect
    copy of each (the entropy of its pixels), and of the mean training image, the best output
    without a latent code. A density has no floor: NaN for ``gaussian``, whose ``collapse`` has the
    best variance for that image.
    """
    # Sums of integers, because all images as floats would take 0.8 GB for EMNIST.
    mean, test_mean = _mean_image(train), _mean_image(test)
    greys = torch.arange(256, dtype=torch.float64) / 255
    pixels_of_grey = torch.bincount(test.flatten(), minlength=256).double() / len(test)  # (256,)
    if reconstruction != "bce":
        squares = pixels_of_grey @ greys.square()
        error = float(squares + (mean.square() - 2 * mean * test_mean).sum())
        if reconstruction == "mse":
            return 0.0, 0.5 * error
        log_variance = max(math.log(max(error, 1e-300) / len(mean)), LOWEST_LOG_VARIANCE)
        constant, factor = loss_coefficients(len(mean), log_variance)
        return math.nan, constant + factor * error
    floor = pixels_of_grey @ functional.binary_cross_entropy(greys, greys, reduction="none")
    # The cross-entropy is linear in the targets: that of their mean is the mean of all.
    collapse = functional.binary_cross_entropy(mean, test_mean, reduction="sum")
    return float(floor), float(collapse)


def _mean_image(images: Tensor) -> Tensor:
    """Return the mean of uint8 images (N, P) in [0, 1], float64 (P,)."""
    # In blocks, because sum first makes a copy of 8 bytes a pixel. Added up at once: small results
    # kept between the copies would fragment the heap, by 11 GB for 1,800,000 images of 28x28.
    total = torch.zeros(images.shape[1], dtype=torch.int64)
    for block in torch.split(images, 1_000):
        total += block.sum(0)
    return total.double() / (255 * len(images))
