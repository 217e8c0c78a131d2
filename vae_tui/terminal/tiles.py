"""Pictures scaled and put side by side: uint8 arrays, grey or RGB. Imports only numpy."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes

GAP = 1
"""Cells between two pictures side by side."""
LIGHT = 160
"""A border of at least this grey is light; untrained networks draw about 128."""
MOST_CELLS = 32
"""Width of a picture at scale 1, at most."""


def widths(image_width: int, *scales: float) -> tuple[int, ...]:
    """Return the widths in cells of pictures at these scales, each an even number.

    Scale 1 is the whole multiple, or for large images the whole fraction, of the image's width
    that is nearest to ``MOST_CELLS`` from below: there all pixels have the same size.
    """
    natural = image_width * max(MOST_CELLS // image_width, 1) // -(-image_width // MOST_CELLS)
    return tuple(2 * round(natural * scale / 2) for scale in scales)


def scale(images: Bytes, width: int) -> Bytes:
    """Return images (N, H, W) or (N, H, W, 3) with this width, and in proportion this height.

    A whole multiple repeats pixels. Otherwise each new pixel is the mean of the area under it.
    """
    rows, columns = images.shape[1:3]
    return resized(images, round(rows * width / columns), width)


def resized(images: Bytes, height: int, width: int) -> Bytes:
    """Return images with this height and width, as `scale` does."""
    rows, columns = images.shape[1:3]
    if (height, width) == (rows, columns):
        return images
    if width and height and width % columns == height % rows == 0:
        return images.repeat(height // rows, axis=1).repeat(width // columns, axis=2)
    down, across = _area_weights(rows, height), _area_weights(columns, width)
    planes = images.astype(np.float32)
    if images.ndim == 3:
        means = down @ planes @ across.T
    else:  # (N, H, W, 3) -> (N, 3, H, W) -> (N, H, W, 3); contiguous, as grey images are
        channels = np.ascontiguousarray(np.moveaxis(planes, 3, 1))
        means = np.moveaxis(down @ channels @ across.T, 1, 3)
    return (means + 0.5).astype(np.uint8)


def tile(images: Bytes, columns: int, gap: int = 0) -> Bytes:
    """Return images (N, H, W) or (N, H, W, 3) in one picture, ``columns`` a row.

    Between them are ``gap`` pixels, black as missing images are.
    """
    count, height, width, *channels = images.shape
    rows, down, across = -(-count // columns), height + gap, width + gap
    grid = np.zeros((rows * columns, down, across, *channels), dtype=np.uint8)
    grid[:count, :height, :width] = images
    # (rows, columns, y, x) -> (rows, y, columns, x)
    lines = grid.reshape(rows, columns, down, across, *channels).swapaxes(1, 2)
    whole = lines.reshape(rows * down, columns * across, *channels)
    return whole[: max(rows * down - gap, 0), : columns * across - gap]


def border_level(images: Bytes) -> float:
    """Return the median of the outermost pixels of images (N, H, W) or (N, H, W, 3)."""
    edges = images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]
    return float(np.median(np.concatenate(edges, axis=1))) if images.size else 0.0


def is_light_at_border(images: Bytes) -> bool:
    """Return whether images need a gutter to be seen apart: most outermost pixels are light."""
    return border_level(images) >= LIGHT


def fitting(width: int, pixels: int, gap: int = GAP) -> int:
    """Return how many pictures of ``pixels`` cells fit side by side in ``width`` cells."""
    return (width + gap) // (pixels + gap)


@cache
def _area_weights(side: int, size: int) -> NDArray[np.float32]:
    """Return (size, side): how much of each old row lies under each new one; rows sum to 1."""
    if size <= 0:
        return np.zeros((0, side), dtype=np.float32)
    edges = np.arange(size + 1) * (side / size)
    left = np.maximum(edges[:-1, None], np.arange(side)[None, :])
    right = np.minimum(edges[1:, None], np.arange(1, side + 1)[None, :])
    overlap = np.clip(right - left, 0.0, None) * (size / side)
    return np.asarray(overlap, dtype=np.float32)
