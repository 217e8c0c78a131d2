"""Importance-weighted estimate of the negative log-likelihood."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vae_tui.model.vae import VAE, reconstruction_loss

_BATCH_IMAGES = 100
_BATCH_ROWS = 1_000
"""Images times samples decoded at once: 3 MB of pixels, which fit in a CPU cache."""


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
    for start in range(0, len(images), _BATCH_IMAGES):
        batch = images[start : start + _BATCH_IMAGES].float() / 255
        log_sum = torch.full((len(batch),), -math.inf, device=images.device)
        at_once = max(_BATCH_ROWS // len(batch), 1)
        for drawn in range(0, samples, at_once):
            shape = (min(at_once, samples - drawn), len(batch), model.latent_dim)
            noise = torch.randn(shape, device=images.device, generator=generator)
            weights = log_weights(model, batch, noise, reconstruction)
            log_sum = torch.logaddexp(log_sum, weights.logsumexp(0))
        total += float((math.log(samples) - log_sum).double().sum())
        on_progress(min(start + _BATCH_IMAGES, len(images)) / len(images))
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
    losses = reconstruction_loss(logits, targets, reconstruction).view(draws, count)
    # The Gaussians' normalising constants cancel.
    log_ratio = 0.5 * (noise.square() + posterior.logvar - z.square()).sum(2)
    return log_ratio - losses
