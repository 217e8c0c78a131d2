"""The course's variational auto-encoder, the classic auto-encoder beside it, and their loss."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vae_tui.run.config import PIXELS


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """q(z|x), a diagonal normal for each image: mean and log-variance, (B, d) each."""

    mean: Tensor
    logvar: Tensor


class VAE(nn.Module):
    """784 - h - 2 x d - h - 784 with ReLU; its state dict has the course's names.

    Args:
        latent_dim: d, the size of a code.
        hidden: h, the width of the layer in encoder and decoder.
        noisy: False makes it the classic auto-encoder: the code is the mean.
    """

    def __init__(self, latent_dim: int = 20, hidden: int = 400, *, noisy: bool = True) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.noisy = noisy
        self.encoder = nn.Sequential(
            nn.Linear(PIXELS, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent_dim)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, PIXELS)
        )

    def encode(self, images: Tensor) -> Posterior:
        """Return q(z|x) in float32 for images in [0, 1], (B, 784)."""
        mean, logvar = self.encoder(images).float().chunk(2, dim=1)
        return Posterior(mean, logvar)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the logits of the pixels in float32, (B, 784), for codes (B, d)."""
        logits: Tensor = self.decoder(codes).float()
        return logits

    def forward(self, images: Tensor, noise: Tensor | None) -> tuple[Tensor, Posterior]:
        """Return logits (B, 784) and q(z|x); z is the mean when ``noise`` (B, d) is None."""
        posterior = self.encode(images)
        if noise is None or not self.noisy:
            return self.decode(posterior.mean), posterior
        return self.decode(posterior.mean + noise * torch.exp(0.5 * posterior.logvar)), posterior


def loss_terms(
    logits: Tensor, images: Tensor, posterior: Posterior, reconstruction: str = "bce"
) -> tuple[Tensor, Tensor]:
    """Return the two halves of the negative ELBO, in nats, for each image.

    Args:
        logits: Decoder output before the sigmoid, (B, 784).
        images: Targets in [0, 1], (B, 784).
        posterior: q(z|x) of the same images.
        reconstruction: ``bce``, or ``mse`` for half the squared error, which is the negative
            log-likelihood of a normal of variance 1 up to a constant.

    Returns:
        ``(reconstruction, kl)``, (B,) each: summed over pixels, and over dimensions.

    Source:
        Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, appendix B.
    """
    return reconstruction_loss(logits, images, reconstruction), kl_terms(posterior).sum(1)


def reconstruction_loss(logits: Tensor, images: Tensor, reconstruction: str = "bce") -> Tensor:
    """Return the reconstruction half alone, (B,), in nats; arguments as in ``loss_terms``."""
    if reconstruction == "mse":
        return 0.5 * (torch.sigmoid(logits) - images).square().sum(1)
    return functional.binary_cross_entropy_with_logits(logits, images, reduction="none").sum(1)


def kl_terms(posterior: Posterior) -> Tensor:
    """Return KL(q(z|x) || N(0, I)) of each image and dimension, (B, d), in nats."""
    logvar = posterior.logvar
    return 0.5 * (torch.exp(logvar) - logvar - 1 + posterior.mean.square())


def reference_losses(train: Tensor, test: Tensor, reconstruction: str) -> tuple[float, float]:
    """Return the reconstruction losses between which training moves, in nats per image.

    Args:
        train: Training images, uint8 (N, 784).
        test: Test images, uint8 (M, 784).
        reconstruction: ``bce`` or ``mse``.

    Returns:
        ``(floor, collapse)`` on the test images: of a perfect copy of each (the entropy of its
        grey pixels), and of the mean training image, the best that a decoder can do unseeing.
    """
    # Whole numbers are summed, never a copy in floats of all images: that is 0.8 GB for EMNIST.
    mean, test_mean = _mean_image(train), _mean_image(test)
    greys = torch.arange(256, dtype=torch.float64) / 255
    pixels_of_grey = torch.bincount(test.flatten(), minlength=256).double() / len(test)  # (256,)
    if reconstruction == "mse":
        squares = pixels_of_grey @ greys.square()
        return 0.0, float(0.5 * (squares + (mean.square() - 2 * mean * test_mean).sum()))
    floor = pixels_of_grey @ functional.binary_cross_entropy(greys, greys, reduction="none")
    # The cross-entropy with one picture is linear in the image: that of the mean is the mean.
    collapse = functional.binary_cross_entropy(mean, test_mean, reduction="sum")
    return float(floor), float(collapse)


def _mean_image(images: Tensor) -> Tensor:
    """Return the mean of uint8 images (N, 784) in [0, 1], float64 (784,)."""
    total = torch.zeros(PIXELS, dtype=torch.int64)
    for block in torch.split(images, 1_000):  # summing widens to 8 bytes a pixel first
        total += block.sum(0)
    return total.double() / (255 * len(images))
