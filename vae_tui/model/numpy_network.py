"""A trained network in numpy, read from a weights file: what the screen and the shell draw with."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from safetensors.numpy import save

from vae_tui.arrays import Bytes, Floats
from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape
from vae_tui.model.gaussian import (
    LOWEST_LOG_VARIANCE,
    SCALE,
    VARIANCE_PARAMETER,
    loss_coefficients,
)
from vae_tui.model.tensor_file import check_shape, read_tensors
from vae_tui.run.config import RunConfig

_LARGEST_OUTPUT = 1e6
"""Clamp for the outputs of encoder and decoder; the sigmoid saturates far earlier."""
_STORED_TYPES = {"F32": "f4", "F16": "f2", "F64": "f8"}


@dataclass(frozen=True, slots=True, eq=False)
class Network(ABC):
    """The weights of one step. Images are uint8 arrays (N, H, W), (N, H, W, 3) in colour."""

    step: int
    saved_at: float
    """Unix seconds: the modification time of the file."""
    latent_dim: int
    """The size d of a code."""
    image_shape: ImageShape
    weights: Mapping[str, Floats]
    """The state dict of the torch module, float32."""

    @classmethod
    def load(cls, path: Path, config: RunConfig) -> Self:
        """Read a weights file; arguments and errors as in `vae_tui.model.load_network`."""
        shapes = dict(cls.tensor_shapes(config))
        if config.reconstruction == "gaussian":
            shapes[VARIANCE_PARAMETER] = (1,)
        weights, metadata = read_tensors(path, shapes, _STORED_TYPES, np.float32)
        check_shape(path, metadata, config.image_shape)
        try:
            saved_at = path.stat().st_mtime
        except OSError as error:  # thinned out or replaced since it was read
            raise VaeTuiError(f"{path} is gone: {error.strerror}") from None
        step = str(metadata.get("step", ""))
        return cls(
            step=int(step) if step.isdecimal() and len(step) < 16 else 0,
            saved_at=saved_at,
            latent_dim=config.latent_dim,
            image_shape=config.image_shape,
            # Products take the transpose, and are 1.3 to 1.5 times as fast when it is contiguous.
            weights={name: np.asfortranarray(value) for name, value in weights.items()},
        )

    @staticmethod
    @abstractmethod
    def tensor_shapes(config: RunConfig) -> Mapping[str, tuple[int, ...]]:
        """Return the names and shapes of the weights of a run's network."""

    @staticmethod
    @abstractmethod
    def sizes(header: Mapping[str, Any]) -> dict[str, Any]:
        """Return the config's fields that the header of a weights file decides.

        KeyError, ValueError, TypeError or OverflowError when the file is of another network.
        """

    @abstractmethod
    def encoder(self, pixels: Floats) -> Floats:
        """Return means and log-variances side by side, (N, 2d), for pixels in [0, 1], (N, P)."""

    @abstractmethod
    def decoder(self, codes: Floats) -> Floats:
        """Return the logits of the pixels, (N, P), for codes (N, d)."""

    @property
    def pixel_log_variance(self) -> float:
        """Log-variance of the pixels' Gaussian, as in `VAE`; KeyError unless it is learned."""
        above = SCALE * float(self.weights[VARIANCE_PARAMETER][0]) - LOWEST_LOG_VARIANCE
        return LOWEST_LOG_VARIANCE + float(np.logaddexp(0, above))

    def decode(self, codes: Floats) -> Bytes:
        """Return the images of codes (N, d)."""
        return self._images(_clamped(self.decoder, codes))

    def encode(self, images: Bytes) -> tuple[Floats, Floats]:
        """Return mean and log-variance of q(z|x) of images, (N, d) each."""
        both = _clamped(self.encoder, _pixels(images))
        return both[:, : self.latent_dim], both[:, self.latent_dim :]

    def reconstruct(self, images: Bytes, reconstruction: str) -> tuple[Bytes, Floats]:
        """Return the reconstructions of images with z at the mean, and their losses, (N,) in nats.

        The loss is ``bce``, ``mse`` for half the squared error, or ``gaussian``.
        """
        logits = _clamped(self.decoder, self.encode(images)[0])
        return self._images(logits), self._losses(logits, images, reconstruction)

    def losses(self, codes: Floats, images: Bytes, reconstruction: str) -> Floats:
        """Return the loss of each image with its own code, (N,) in nats; codes are (N, d)."""
        return self._losses(_clamped(self.decoder, codes), images, reconstruction)

    def _losses(self, logits: Floats, images: Bytes, reconstruction: str) -> Floats:
        targets = _pixels(images)
        if reconstruction == "bce":
            # log(1 + exp(logits)), in a tenth of the time of np.logaddexp.
            softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
            bce: Floats = (softplus - targets * logits).sum(1)
            return bce
        errors: Floats = np.square(_sigmoid(logits) - targets).sum(1)
        if reconstruction == "mse":
            return 0.5 * errors
        constant, factor = loss_coefficients(self.image_shape.pixels, self.pixel_log_variance)
        return constant + factor * errors

    def _images(self, logits: Floats) -> Bytes:
        images: Bytes = np.rint(_sigmoid(logits, 255)).astype(np.uint8)
        return images.reshape(-1, *self.image_shape.array)


def safetensors_file(network: Network) -> bytes:
    """Return the state dict as safetensors, with step and image shape in the metadata."""
    # safetensors writes the bytes as they are in memory, whatever the strides say.
    weights = {name: np.ascontiguousarray(value) for name, value in network.weights.items()}
    return save(weights, {"step": str(network.step), "image_shape": str(network.image_shape)})


def _pixels(images: Bytes) -> Floats:
    """Return images as float32 in [0, 1], (N, P)."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _clamped(layers: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Return the layers' outputs, finite even where untrusted or diverged weights overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = layers(values)
        if not abs(result).max(initial=0) < _LARGEST_OUTPUT:
            result = np.clip(np.nan_to_num(result), -_LARGEST_OUTPUT, _LARGEST_OUTPUT)
    return result


def _sigmoid(logits: Floats, scale: float = 1.0) -> Floats:
    # With tanh, which neither overflows nor warns.
    result: Floats = 0.5 * scale + 0.5 * scale * np.tanh(0.5 * logits)
    return result
