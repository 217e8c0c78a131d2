"""What a network makes of one image: its posterior, its reconstruction, its losses."""

from dataclasses import dataclass

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.model.numpy_network import Network

LARGEST_LOGVAR = 60.0
"""An auto-encoder's log-variances are untrained: clamped so that their exponential is finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """The posterior q(z|x) of an image x, and what its mean decodes to."""

    mean: Floats
    """(d,)."""
    deviation: Floats
    """Standard deviations, (d,)."""
    kl: Floats
    """Nats of each dimension, (d,)."""
    reconstruction: Bytes
    """uint8, the shape of the image."""
    error: Bytes
    """`error_map` of image and reconstruction."""
    loss: float
    """Reconstruction loss in nats, with z at the mean."""


def kl_parts(means: Floats, logvars: Floats) -> tuple[Floats, Floats]:
    """Return the KL of each dimension in two parts, (d,) in nats, averaged over the images.

    The first is that of the means, ``mu**2 / 2``, the second that of the variances,
    ``(v - log v - 1) / 2``; ``means`` and ``logvars`` are (N, d).
    """
    return np.square(means).mean(0) / 2, (np.exp(logvars) - logvars - 1).mean(0) / 2


def infer(network: Network, image: Bytes, reconstruction: str) -> Inference:
    """Return what a network makes of an image; ``reconstruction`` names the loss.

    Source of the KL: Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, appendix B.
    """
    means, logvars = network.encode(image[None])
    mean, logvar = means[0], np.clip(logvars[0], -LARGEST_LOGVAR, LARGEST_LOGVAR)
    pictures, losses = network.reconstruct(image[None], reconstruction)
    return Inference(
        mean=mean,
        deviation=np.exp(0.5 * logvar),
        kl=0.5 * (np.exp(logvar) - logvar - 1 + np.square(mean)),
        reconstruction=pictures[0],
        error=error_map(image[None], pictures)[0],
        loss=float(losses[0]),
    )


def error_map(images: Bytes, copies: Bytes) -> Bytes:
    """Return the absolute differences between images and copies as grey pictures, uint8.

    They have the shape of the images: in colour every channel is the mean over the channels.
    """
    differences = np.abs(images.astype(np.int16) - copies)
    if images.ndim == 4:
        differences = np.rint(differences.mean(3, keepdims=True)).repeat(3, axis=3)
    result: Bytes = differences.astype(np.uint8)
    return result
