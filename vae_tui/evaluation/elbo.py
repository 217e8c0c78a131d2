"""Losses of a network on the test images: ELBO, active units, importance-weighted NLL."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vae_tui.latent.diagnosis import ACTIVE_VARIANCE
from vae_tui.model.vae import VAE, kl_terms, reconstruction_loss

_BATCH = 2_000
_NLL_IMAGES, _NLL_ROWS = 100, 1_000
"""A batch, and images times samples decoded at once: 3 MB of pixels, which fit in a CPU cache."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Means over the images, in nats per image."""

    bce: float
    """Reconstruction with z sampled once for each image."""
    bce_at_mean: float
    """Reconstruction with z at the posterior's mean."""
    kl_per_dimension: tuple[float, ...]
    active_units: int

    @property
    def kl(self) -> float:
        """Summed over the dimensions."""
        return sum(self.kl_per_dimension)


@torch.no_grad()
def measure(model: VAE, images: Tensor, seed: int, reconstruction: str = "bce") -> Measurement:
    """Measure both reconstruction losses, the KL of each dimension and the active units.

    The images are uint8 (N, P) on the model's device; ``seed`` decides the noise of each.
    """
    generator = torch.Generator(images.device).manual_seed(seed)
    loss = partial(
        reconstruction_loss, reconstruction=reconstruction, log_variance=model.pixel_log_variance
    )
    bce = bce_at_mean = 0.0
    kl = torch.zeros(model.latent_dim, device=images.device)
    # In one piece: parts kept between the larger tensors of the batches would fragment the heap.
    means = torch.empty((len(images), model.latent_dim), device=images.device)
    for block, rows in zip(torch.split(images, _BATCH), torch.split(means, _BATCH), strict=True):
        batch = block.float() / 255
        posterior = model.encode(batch)
        noise = torch.randn(posterior.mean.shape, device=images.device, generator=generator)
        at_mean = loss(model.decode(posterior.mean), batch)
        bce_at_mean += float(at_mean.sum())
        if model.noisy:
            sampled = model.decode(posterior.sample(noise))
            bce += float(loss(sampled, batch).sum())
        kl += kl_terms(posterior).sum(0)
        rows.copy_(posterior.mean)
    variance = means.var(0, correction=0)
    return Measurement(
        bce=(bce if model.noisy else bce_at_mean) / len(images),
        bce_at_mean=bce_at_mean / len(images),
        kl_per_dimension=tuple((kl / len(images)).tolist()),
        active_units=int((variance > ACTIVE_VARIANCE).sum()),
    )


@torch.no_grad()
def importance_weighted_nll(
    model: VAE,
    images: Tensor,
    samples: int,
    seed: int,
    reconstruction: str = "bce",
    on_progress: Callable[[float], object] = lambda share: None,
) -> float:
    """Return the importance-weighted bound on -log p(x), in nats per image.

    With one sample it is the ELBO loss; with more it decreases towards -log p(x).

    Images are uint8 (N, P) on the model's device; ``samples`` is K, the draws from q(z|x) for each
    image. ``mse`` omits the constant of its log-likelihood. ``on_progress`` is called with the
    share that is done.

    Source:
        Burda et al. 2016, https://arxiv.org/abs/1509.00519, equation 8.
    """
    generator = torch.Generator(images.device).manual_seed(seed)
    total = 0.0
    for start in range(0, len(images), _NLL_IMAGES):
        batch = images[start : start + _NLL_IMAGES].float() / 255
        log_sum = torch.full((len(batch),), -math.inf, device=images.device)
        at_once = max(_NLL_ROWS // len(batch), 1)
        for drawn in range(0, samples, at_once):
            shape = (min(at_once, samples - drawn), len(batch), model.latent_dim)
            noise = torch.randn(shape, device=images.device, generator=generator)
            weights = log_weights(model, batch, noise, reconstruction)
            log_sum = torch.logaddexp(log_sum, weights.logsumexp(0))
        total += float((math.log(samples) - log_sum).double().sum())
        on_progress(min(start + _NLL_IMAGES, len(images)) / len(images))
    return total / len(images)


def log_weights(model: VAE, images: Tensor, noise: Tensor, reconstruction: str = "bce") -> Tensor:
    """Return log p(x, z) - log q(z|x) of each draw and image, (K, B).

    Images are in [0, 1], (B, P); the noise of the samples z is N(0, I), (K, B, d).
    """
    posterior = model.encode(images)
    z = posterior.sample(noise)
    draws, count, _ = z.shape
    logits = model.decode(z.flatten(0, 1))
    targets = images.expand(draws, -1, -1).flatten(0, 1)
    losses = reconstruction_loss(logits, targets, reconstruction, model.pixel_log_variance)
    # The Gaussians' normalising constants cancel.
    log_ratio = 0.5 * (noise.square() + posterior.logvar - z.square()).sum(2)
    return log_ratio - losses.view(draws, count)
