"""The test image that is nearest to a picture."""

from functools import lru_cache

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.model.probe import Probe


def nearest(probe: Probe, picture: Bytes) -> tuple[int, float]:
    """Return the index of the test image nearest to a picture (H, W), and its squared error.

    The error is summed over pixels from 0 (black) to 1 (white).
    """
    return ranked(probe, picture, 1)[0]


def ranked(probe: Probe, picture: Bytes, count: int) -> list[tuple[int, float]]:
    """Return the ``count`` nearest test images as `nearest` does, the nearest first."""
    images, squares = _images(probe)
    one = picture.ravel().astype(np.float32) / np.float32(255)
    # |a - b|^2 without |b|^2, which is the same for all images.
    order = np.argsort(squares - 2 * (images @ one), kind="stable")[:count]
    return [(int(index), float(np.square(images[index] - one).sum())) for index in order]


@lru_cache(maxsize=2)
def _images(probe: Probe) -> tuple[Floats, Floats]:
    """Return the images as float32 in [0, 1], (N, P), and the sums of their squares, (N,)."""
    images = probe.images.reshape(len(probe.images), -1).astype(np.float32) / np.float32(255)
    return images, np.square(images).sum(1)
