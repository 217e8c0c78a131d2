"""The course's encoder and decoder in numpy, from a weights file: all that a screen needs."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from vae_tui.errors import VaeTuiError
from vae_tui.run.config import PIXELS, RunConfig
from vae_tui.run.untrusted import read_bounded

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_LARGEST = 1e6
"""Of what a layer returns; a picture is black or white and an image impossible long before."""
_LARGEST_HEADER = 1 << 20
_MOST_IMAGES = 10_000
"""Of a probe; a trainer takes 1,000."""
_WEIGHTS: Mapping[str, type[np.generic]] = {
    "F32": np.float32,
    "F16": np.float16,
    "F64": np.float64,
}
_PROBE_SHAPES = {"images": (None, PIXELS), "labels": (None,)}


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


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Test images that every run folder carries: uint8 (N, 784), labels (N,) from 0 to 9."""

    images: Bytes
    labels: Bytes

    def of_class(self, label: int) -> NDArray[np.intp]:
        """Return the indices of the images of a class."""
        return np.flatnonzero(self.labels == label)


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
    tensors, metadata = _read(path, shapes, _WEIGHTS, np.float32)
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


def load_probe(path: Path) -> Probe:
    """Read a run's probe; raises VaeTuiError when it is none."""
    tensors, _ = _read(path, _PROBE_SHAPES, {"U8": np.uint8}, np.uint8)
    images, labels = tensors["images"], tensors["labels"]
    if len(images) != len(labels) or not len(labels) or labels.max() > 9:
        raise VaeTuiError(f"{path}: images and labels do not belong together")
    return Probe(images, labels)


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


def _read(
    path: Path,
    shapes: Mapping[str, tuple[int | None, ...]],
    stored: Mapping[str, type[np.generic]],
    dtype: type[np.generic],
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the named tensors, each of its shape (None: any length), and the metadata.

    Of a file no larger than these tensors can be, read at once: what is mapped into memory
    instead kills whoever reads it when the file is cut off.
    """
    try:
        content = read_bounded(path, _LARGEST_HEADER + 8 * sum(map(_most_values, shapes.values())))
        metadata = _metadata(content)
        there = dict(deserialize(content))  # type: ignore[no-untyped-call]
        tensors = {}
        for name, shape in shapes.items():
            if name not in there:
                raise VaeTuiError(f"{path} has no tensor {name}")
            found, kind = tuple(there[name]["shape"]), there[name]["dtype"]
            if len(found) != len(shape) or any(
                wanted not in (None, size) for wanted, size in zip(shape, found, strict=True)
            ):
                raise VaeTuiError(
                    f"{path}: {name} is {found!s:.80}, this run's network has {shape}"
                )
            if kind not in stored:
                raise VaeTuiError(f"{path}: {name} holds {kind}, not {' or '.join(stored)}")
            values = np.frombuffer(there[name]["data"], stored[kind]).reshape(found)
            with np.errstate(over="ignore"):
                tensors[name] = values.astype(dtype, copy=False)
            if not np.isfinite(tensors[name]).all():
                raise VaeTuiError(f"{path}: {name} is not finite")
        return tensors, metadata
    except FileNotFoundError:
        raise VaeTuiError(f"{path} is not there") from None
    except OSError as error:
        raise VaeTuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except (SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise VaeTuiError(f"{path} cannot be read: {error!s:.120}") from None


def _most_values(shape: tuple[int | None, ...]) -> int:
    return math.prod(_MOST_IMAGES if size is None else size for size in shape)


def _metadata(content: bytes) -> dict[str, str]:
    """Return the metadata; ValueError when it is no safetensors file or its header is absurd."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(len(content) - 8, _LARGEST_HEADER):
        raise ValueError("no safetensors file")
    header = json.loads(content[8 : 8 + length])
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    return metadata if isinstance(metadata, dict) else {}
