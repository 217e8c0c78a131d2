"""Pictures scaled and put side by side. A picture is a uint8 array (H, W); imports only numpy."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes

GAP = 1
"""Cells between two pictures side by side."""
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
    """Return images (N, H, W) with this width, and in proportion this height.

    Smaller: the mean of the area under each new pixel (exact where the size divides the old one).
    Larger: the nearest pixel.
    """
    rows, columns = images.shape[1:]
    return resized(images, round(rows * width / columns), width)


def resized(images: Bytes, height: int, width: int) -> Bytes:
    """Return images (N, H, W) with this height and width, as `scale` does."""
    rows, columns = images.shape[1:]
    if (height, width) == (rows, columns):
        return images
    if width > columns:
        nearest_rows = np.arange(height) * rows // height
        nearest_columns = np.arange(width) * columns // width
        return images[:, nearest_rows[:, None], nearest_columns[None, :]]
    down, across = _area_weights(rows, height), _area_weights(columns, width)
    means = down @ images.astype(np.float32) @ across.T
    return (means + 0.5).astype(np.uint8)


def tile(images: Bytes, columns: int, gap: int = 0) -> Bytes:
    """Return images (N, H, W) in one picture, ``columns`` a row; missing ones are black.

    So are the ``gap`` pixels between two columns.
    """
    images = np.pad(images, ((0, 0), (0, 0), (0, gap)))
    count, height, width = images.shape
    rows = -(-count // columns)
    grid = np.zeros((rows * columns, height, width), dtype=np.uint8)
    grid[:count] = images
    # (rows, columns, y, x) -> (rows, y, columns, x)
    across = grid.reshape(rows, columns, height, width).swapaxes(1, 2)
    return across.reshape(rows * height, columns * width)[:, : columns * width - gap]


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
