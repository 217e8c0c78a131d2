"""The numpy twin of `Conv`: convolutions as matrix products, images as (N, H, W, C)."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vae_tui.arrays import Floats
from vae_tui.model.conv.feature_maps import (
    KERNEL,
    PADDING,
    STRIDE,
    FeatureMap,
    feature_maps,
    groups_of,
)
from vae_tui.model.numpy_network import Network
from vae_tui.run.config import RunConfig

_BLOCK = 64
"""Images at a time: their largest matrix has 7 MB for 64x64 in colour."""
_EPSILON = 1e-5
"""Torch's, beside the variance of a group."""


class NumpyConv(Network):
    """Strided convolutions, transposed ones, and one linear layer to and from the code."""

    __slots__ = ()

    @staticmethod
    def tensor_shapes(config: RunConfig) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights, as torch's layers have them."""
        maps, d = feature_maps(config.image_shape, config.hidden), config.latent_dim
        last = len(maps) - 1
        shapes: dict[str, tuple[int, ...]] = {}
        for n, (finer, coarser) in enumerate(pairwise(maps)):
            shapes[f"encoder.{3 * n}.weight"] = (coarser.channels, finer.channels, KERNEL, KERNEL)
            shapes[f"encoder.{3 * n}.bias"] = (coarser.channels,)
            shapes[f"encoder.{3 * n + 1}.weight"] = (coarser.channels,)
            shapes[f"encoder.{3 * n + 1}.bias"] = (coarser.channels,)
        shapes[f"encoder.{3 * last + 1}.weight"] = (2 * d, maps[-1].values)
        shapes[f"encoder.{3 * last + 1}.bias"] = (2 * d,)
        shapes["decoder.0.weight"] = (maps[-1].values, d)
        shapes["decoder.0.bias"] = (maps[-1].values,)
        for n, (coarser, finer) in enumerate(pairwise(reversed(maps)), 1):
            shapes[f"decoder.{3 * n}.weight"] = (coarser.channels, finer.channels, KERNEL, KERNEL)
            shapes[f"decoder.{3 * n}.bias"] = (finer.channels,)
            if n < last:
                shapes[f"decoder.{3 * n + 1}.weight"] = (finer.channels,)
                shapes[f"decoder.{3 * n + 1}.bias"] = (finer.channels,)
        return shapes

    @staticmethod
    def sizes(header: Mapping[str, Any]) -> dict[str, Any]:
        """Return the config's fields that the header of a weights file decides."""
        _, latent_dim = map(int, header["decoder.0.weight"]["shape"])
        hidden, _, _, _ = map(int, header["decoder.3.weight"]["shape"])
        return {"hidden": hidden, "latent_dim": latent_dim}

    def encoder(self, pixels: Floats) -> Floats:
        """Return means and log-variances side by side, (N, 2d), for pixels in [0, 1], (N, P)."""
        return _in_blocks(self._encoder, pixels)

    def decoder(self, codes: Floats) -> Floats:
        """Return the logits of the pixels, (N, P), for codes (N, d)."""
        return _in_blocks(self._decoder, codes)

    def _encoder(self, pixels: Floats) -> Floats:
        maps = self._maps
        values = pixels.reshape(-1, *maps[0])
        for n in range(len(maps) - 1):
            values = _convolved(values, *self._layer(f"encoder.{3 * n}"))
            values = _normalised(values, *self._layer(f"encoder.{3 * n + 1}"))
        weight, bias = self._layer(f"encoder.{3 * len(maps) - 2}")
        flat = values.transpose(0, 3, 1, 2).reshape(len(values), maps[-1].values)
        result: Floats = flat @ weight.T + bias
        return result

    def _decoder(self, codes: Floats) -> Floats:
        maps = self._maps
        height, width, channels = maps[-1]
        weight, bias = self._layer("decoder.0")
        values = np.maximum(codes @ weight.T + bias, 0)
        values = values.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        for n, finer in enumerate(reversed(maps[:-1]), 1):
            values = _transposed(values, *self._layer(f"decoder.{3 * n}"), finer)
            if finer != maps[0]:
                values = _normalised(values, *self._layer(f"decoder.{3 * n + 1}"))
        logits: Floats = values.reshape(len(values), maps[0].values)
        return logits

    @property
    def _maps(self) -> list[FeatureMap]:
        return feature_maps(self.image_shape, len(self.weights["decoder.3.weight"]))

    def _layer(self, name: str) -> tuple[Floats, Floats]:
        return self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]


def _convolved(values: Floats, weight: Floats, bias: Floats) -> Floats:
    """Return the strided convolution of (N, H, W, I) with (O, I, k, k)."""
    margin = (PADDING, PADDING)
    padded = np.pad(values, ((0, 0), margin, margin, (0, 0)))
    windows = sliding_window_view(padded, (KERNEL, KERNEL), axis=(1, 2))  # (N, H, W, I, k, k)
    windows = windows[:, ::STRIDE, ::STRIDE].transpose(0, 1, 2, 4, 5, 3)
    matrix = weight.transpose(2, 3, 1, 0).reshape(-1, len(weight))  # (k k I, O)
    result: Floats = windows.reshape(-1, len(matrix)) @ matrix + bias
    return result.reshape(*windows.shape[:3], len(bias))


def _transposed(values: Floats, weight: Floats, bias: Floats, size: FeatureMap) -> Floats:
    """Return the transposed convolution of (N, h, w, I) with (I, O, k, k), (N, *size)."""
    count, height, width, inputs = values.shape
    matrix = weight.transpose(0, 2, 3, 1).reshape(inputs, -1)  # (I, k k O)
    products = values.reshape(-1, inputs) @ matrix
    products = products.reshape(count, height, width, KERNEL, KERNEL, size.channels)
    # The output pixel of input pixel i and kernel row r is in row 2 i + r of the padded output.
    rows, columns = STRIDE * height, STRIDE * width
    rest = KERNEL - STRIDE
    padded = np.zeros((count, rows + rest, columns + rest, size.channels), products.dtype)
    for row in range(KERNEL):
        for column in range(KERNEL):
            part = padded[:, row : row + rows : STRIDE, column : column + columns : STRIDE]
            part += products[:, :, :, row, column]
    end_row, end_column = PADDING + size.height, PADDING + size.width
    result: Floats = padded[:, PADDING:end_row, PADDING:end_column] + bias
    return result


def _normalised(values: Floats, weight: Floats, bias: Floats) -> Floats:
    """Return the ReLU of the group normalisation of (N, H, W, C)."""
    count, height, width, channels = values.shape
    groups = groups_of(channels)
    grouped = values.reshape(count, height * width, groups, channels // groups)
    centred = grouped - grouped.mean((1, 3), keepdims=True)
    variance = np.square(centred).mean((1, 3), keepdims=True)
    scaled = (centred / np.sqrt(variance + _EPSILON)).reshape(values.shape)
    result: Floats = np.maximum(scaled * weight + bias, 0)
    return result


def _in_blocks(layers: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Return the layers' outputs, (N, outputs), computed for some rows of ``values`` at a time."""
    starts = range(0, max(len(values), 1), _BLOCK)
    return np.concatenate([layers(values[start : start + _BLOCK]) for start in starts])
