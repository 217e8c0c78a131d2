"""Losses and active units of a network on the test images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_tui.latent.diagnosis import ACTIVE_VARIANCE
from vae_tui.model.vae import VAE, kl_terms, reconstruction_loss

_BATCH = 2_000


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
    bce = bce_at_mean = 0.0
    kl = torch.zeros(model.latent_dim, device=images.device)
    means = []
    for block in torch.split(images, _BATCH):
        batch = block.float() / 255
        posterior = model.encode(batch)
        noise = torch.randn(posterior.mean.shape, device=images.device, generator=generator)
        at_mean = reconstruction_loss(model.decode(posterior.mean), batch, reconstruction)
        bce_at_mean += float(at_mean.sum())
        if model.noisy:
            sampled = model.decode(posterior.sample(noise))
            bce += float(reconstruction_loss(sampled, batch, reconstruction).sum())
        kl += kl_terms(posterior).sum(0)
        means.append(posterior.mean)
    variance = torch.cat(means).var(0, correction=0)
    return Measurement(
        bce=(bce if model.noisy else bce_at_mean) / len(images),
        bce_at_mean=bce_at_mean / len(images),
        kl_per_dimension=tuple((kl / len(images)).tolist()),
        active_units=int((variance > ACTIVE_VARIANCE).sum()),
    )
