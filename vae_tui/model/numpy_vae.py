"""The course's encoder and decoder in numpy, from a weights file: all that a screen needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.errors import VaeTuiError
from vae_tui.model.tensor_file import read_tensors
from vae_tui.run.config import PIXELS, RunConfig

_LARGEST = 1e6
"""Of what a layer returns; a picture is black or white and an image impossible long before."""
_WEIGHTS: Mapping[str, type[np.generic]] = {
    "F32": np.float32,
    "F16": np.float16,
    "F64": np.float64,
}


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The weights of one step; each layer as (input, output) matrix and bias."""

    step: int
    saved_at: float
    """Unix seconds; the file's own time."""
    encoder: tuple[tuple[Floats, Floats], ...]
    decoder: tuple[tuple[Floats, Floats], ...]

    @property
    def latent_dim(self) -> int:
        """The size d of a code."""
        return len(self.decoder[0][0])

    def decode(self, codes: Floats) -> Bytes:
        """Return the pictures of codes (N, d): uint8 (N, 784)."""
        return _pictures(_layers(codes, self.decoder))

    def encode(self, images: Bytes) -> tuple[Floats, Floats]:
        """Return mean and log-variance of q(z|x), (N, d) each, for uint8 images (N, 784)."""
        both = _layers(images.astype(np.float32) / np.float32(255), self.encoder)
        return both[:, : self.latent_dim], both[:, self.latent_dim :]

    def reconstruct(self, images: Bytes, reconstruction: str) -> tuple[Bytes, Floats]:
        """Return what becomes of uint8 images (N, 784) with z at the mean, and its loss.

        Returns:
            Pictures, uint8 (N, 784), and for each the loss in nats (N,): ``bce`` or ``mse``.
        """
        logits = _layers(self.encode(images)[0], self.decoder)
        targets = images.astype(np.float32) / np.float32(255)
        if reconstruction == "mse":
            losses = 0.5 * np.square(0.5 + 0.5 * np.tanh(0.5 * logits) - targets).sum(1)
        else:
            losses = (np.logaddexp(0, logits) - targets * logits).sum(1)
        return _pictures(logits), losses


def load_network(path: Path, config: RunConfig) -> Network:
    """Read a weights file of this run.

    Raises:
        VaeTuiError: It is no safetensors file, or a tensor is missing, of another shape or not
            finite; the file and the tensor are named.
    """
    d, h = config.latent_dim, config.hidden
    shapes = {
        "encoder.0.weight": (h, PIXELS),
        "encoder.0.bias": (h,),
        "encoder.2.weight": (2 * d, h),
        "encoder.2.bias": (2 * d,),
        "decoder.0.weight": (h, d),
        "decoder.0.bias": (h,),
        "decoder.2.weight": (PIXELS, h),
        "decoder.2.bias": (PIXELS,),
    }
    tensors, metadata = read_tensors(path, shapes, _WEIGHTS, np.float32)
    try:
        saved_at = path.stat().st_mtime
    except OSError as error:  # thinned, or replaced, this very moment
        raise VaeTuiError(f"{path} is gone: {error.strerror}") from None
    layers = [
        (np.ascontiguousarray(tensors[f"{name}.weight"].T), tensors[f"{name}.bias"])
        for name in ("encoder.0", "encoder.2", "decoder.0", "decoder.2")
    ]
    step = str(metadata.get("step", ""))
    return Network(
        step=int(step) if step.isdecimal() and len(step) < 16 else 0,
        saved_at=saved_at,
        encoder=tuple(layers[:2]),
        decoder=tuple(layers[2:]),
    )


def _layers(values: Floats, layers: tuple[tuple[Floats, Floats], ...]) -> Floats:
    (first, first_bias), (second, second_bias) = layers
    # Of weights that are finite but absurd, a stranger's or a diverged run's.
    with np.errstate(over="ignore", invalid="ignore"):
        result: Floats = np.maximum(values @ first + first_bias, 0) @ second + second_bias
        if not abs(result).max(initial=0) < _LARGEST:
            result = np.clip(np.nan_to_num(result), -_LARGEST, _LARGEST).astype(np.float32)
    return result


def _pictures(logits: Floats) -> Bytes:
    # The sigmoid by way of tanh, which neither overflows nor warns.
    pictures: Bytes = np.rint(127.5 + 127.5 * np.tanh(0.5 * logits)).astype(np.uint8)
    return pictures
