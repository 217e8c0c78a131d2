"""What a network makes of images: posteriors, reconstruction, losses, energy."""

from dataclasses import dataclass

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.model.gaussian import loss_coefficients
from vae_tui.model.numpy_network import Network

LARGEST_LOGVAR = 60.0
"""An auto-encoder's log-variances are untrained: clamped so that their exponential is finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Posteriors:
    """q(z|x) of N images."""

    means: Floats
    """(N, d)."""
    deviations: Floats
    """Standard deviations, (N, d); 0 for an auto-encoder, whose codes have no noise."""


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
    energy: float
    """That loss less the loss of a perfect copy."""


def posteriors(network: Network, images: Bytes, model: str) -> Posteriors:
    """Return q(z|x) of images (N, H, W); ``model`` is ``vae`` or ``ae``."""
    return posteriors_of(*encoded(network, images), model)


def encoded(network: Network, images: Bytes) -> tuple[Floats, Floats]:
    """Return means and log-variances of q(z|x), (N, d) each, with clamped log-variances."""
    means, logvars = network.encode(images)
    return means, np.clip(logvars, -LARGEST_LOGVAR, LARGEST_LOGVAR)


def posteriors_of(means: Floats, logvars: Floats, model: str) -> Posteriors:
    """Return q(z|x) with these means and log-variances, (N, d) each, of a ``vae`` or an ``ae``."""
    deviations = np.zeros_like(means) if model == "ae" else np.exp(0.5 * logvars)
    return Posteriors(means, deviations)


def kl_parts(means: Floats, logvars: Floats) -> tuple[Floats, Floats]:
    """Return the KL of each dimension in two parts, (d,) in nats, averaged over the images.

    The first is that of the means, ``mu**2 / 2``, the second that of the variances,
    ``(v - log v - 1) / 2``; ``means`` and ``logvars`` are (N, d).
    """
    return np.square(means).mean(0) / 2, (np.exp(logvars) - logvars - 1).mean(0) / 2


def kl_terms(means: Floats, logvars: Floats) -> Floats:
    """Return KL(q(z|x) || N(0, I)) of each image and dimension in nats, shaped as the arguments.

    Source:
        Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, appendix B.
    """
    kl: Floats = 0.5 * (np.exp(logvars) - logvars - 1 + np.square(means))
    return kl


def infer(network: Network, image: Bytes, reconstruction: str) -> Inference:
    """Return what a network makes of an image; ``reconstruction`` names the loss."""
    (mean,), (logvar,) = encoded(network, image[None])
    pictures, losses = network.reconstruct(image[None], reconstruction)
    return Inference(
        mean=mean,
        deviation=np.exp(0.5 * logvar),
        kl=kl_terms(mean, logvar),
        reconstruction=pictures[0],
        error=error_map(image[None], pictures)[0],
        loss=float(losses[0]),
        energy=float(losses[0] - perfect_copy_losses(network, image[None], reconstruction)[0]),
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


def perfect_copy_losses(network: Network, images: Bytes, reconstruction: str) -> Floats:
    """Return the reconstruction loss of a perfect copy of each image, (N,) in nats.

    For ``bce`` it is the entropy of the greys.
    """
    if reconstruction == "mse":
        return np.zeros(len(images), np.float32)
    if reconstruction == "gaussian":
        constant = loss_coefficients(network.image_shape.pixels, network.pixel_log_variance)[0]
        return np.full(len(images), constant, np.float32)
    greys = np.arange(256) / 255
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -(greys * np.log(greys) + (1 - greys) * np.log1p(-greys))
    result: Floats = np.nan_to_num(entropy)[images].reshape(len(images), -1).sum(1)
    return result
