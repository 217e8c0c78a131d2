"""Drawing an image by hand: strokes of a soft pen, and centring by mass."""

import numpy as np

from vae_tui.arrays import Bytes

Point = tuple[float, float]
"""x to the right and y down, in pixels from the upper left corner of the image."""
SIDE = 28
"""The pen is as wide, relative to the image, as the strokes in MNIST images of this side."""
LEAST_UNIT = 0.6
"""Smallest scale of the pen, in pixels; a thinner pen would leave gaps between pixel centres."""
CORE, EDGE = 0.7, 1.7
"""Distances in pixels from the middle of a stroke: white up to the first, black from the second."""


def stroke(image: Bytes, start: Point, end: Point, *, erase: bool = False) -> Bytes:
    """Return an image (H, W) with a straight stroke, whose edges are antialiased."""
    height, width = image.shape
    unit = max(max(height, width) / SIDE, LEAST_UNIT)
    rows, columns = np.mgrid[:height, :width] + 0.5
    across, down = end[0] - start[0], end[1] - start[1]
    length = across * across + down * down
    along = ((columns - start[0]) * across + (rows - start[1]) * down) / (length or 1.0)
    along = np.clip(along, 0, 1)
    distance = np.hypot(columns - start[0] - along * across, rows - start[1] - along * down)
    ink = np.clip((EDGE * unit - distance) / ((EDGE - CORE) * unit), 0, 1)
    drawn = np.rint(255 * ink).astype(np.uint8)
    result: Bytes = np.minimum(image, 255 - drawn) if erase else np.maximum(image, drawn)
    return result


def centred(image: Bytes) -> tuple[Bytes, tuple[int, int]]:
    """Return the image (H, W) moved so that its centre of mass is its centre, and ``(x, y)`` moved.

    MNIST's images were made so: "the images were centered in a 28x28 image by computing the
    center of mass of the pixels". Whole pixels; what leaves the image is lost.

    Source:
        LeCun, Cortes, Burges: The MNIST database of handwritten digits.
    """
    mass = image.astype(np.float64)
    total = mass.sum()
    if not total:
        return image, (0, 0)
    height, width = image.shape
    x = round(width / 2 - float(mass.sum(0) @ np.arange(width)) / total)
    y = round(height / 2 - float(mass.sum(1) @ np.arange(height)) / total)
    moved = np.zeros_like(image)
    moved[max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)] = image[
        max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)
    ]
    return moved, (x, y)
