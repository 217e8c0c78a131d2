"""The sizes of the convolutional network's feature maps, for its torch module and numpy twin."""

import math
from typing import NamedTuple

from vae_tui.image_shape import ImageShape

KERNEL, STRIDE, PADDING = 3, 2, 1
"""Of every convolution; each halves the sides, rounded up."""
_MOST_GROUPS, _FEWEST_CHANNELS = 8, 4
"""Of a group normalisation: the most groups, and the fewest channels in a group."""
_COARSEST = 4
"""Largest side of the coarsest map, in pixels."""


class FeatureMap(NamedTuple):
    """The size of an image or feature map."""

    height: int
    width: int
    channels: int

    @property
    def values(self) -> int:
        """The number of its values."""
        return self.height * self.width * self.channels


def groups_of(channels: int) -> int:
    """Return the number of groups of the group normalisation of ``channels`` channels."""
    return math.gcd(channels, max(channels // _FEWEST_CHANNELS, 1), _MOST_GROUPS)


def feature_maps(shape: ImageShape, hidden: int) -> list[FeatureMap]:
    """Return the image and the encoder's feature maps in order; the decoder's are the reverse.

    The coarsest map has ``hidden`` channels, each finer one half as many.
    """
    sides = [(shape.height, shape.width)]
    while len(sides) == 1 or max(sides[-1]) > _COARSEST:
        height, width = sides[-1]
        sides.append((-(-height // STRIDE), -(-width // STRIDE)))
    last = len(sides) - 1
    channels = [shape.channels, *(max(hidden >> (last - n), 1) for n in range(1, last + 1))]
    return [FeatureMap(*side, count) for side, count in zip(sides, channels, strict=True)]
