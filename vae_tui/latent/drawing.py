"""Drawing an image by hand: strokes of a soft pen, and centring by mass."""

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.terminal.tiles import LIGHT, border_level

Point = tuple[float, float]
"""x to the right and y down, in pixels from the upper left corner of the image."""
SIDE = 28
"""The pen is as wide, relative to the image, as the strokes in MNIST images of this side."""
LEAST_UNIT = 0.6
"""Smallest scale of the pen, in pixels; a thinner pen would leave gaps between pixel centres."""
CORE, EDGE = 0.7, 1.7
"""Distances in pixels from the middle of a stroke: full ink up to the first, none from the second
on."""
COLOURS = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (220, 40, 40), "orange": (245, 135, 30),
    "yellow": (250, 205, 50), "green": (60, 165, 75), "blue": (45, 110, 215),
    "purple": (140, 70, 185), "brown": (130, 85, 50),
}  # fmt: skip
"""Of the pen, by name: RGB."""


def canvas(images: Bytes) -> Bytes:
    """Return an empty image to draw one like ``images`` on, (N, H, W) or (N, H, W, 3).

    It is white if most of the images are light at their border, else black. Grey images must be
    lighter for that, because white on black is usual among them.
    """
    least = LIGHT if images.ndim == 3 else 128
    return np.full_like(images[0], 255 if border_level(images) >= least else 0)


def stroke(image: Bytes, start: Point, end: Point, *, is_black: bool = False) -> Bytes:
    """Return a grey image (H, W) with a straight white or black stroke; its edges are antialiased.

    Strokes of one colour that overlap never lighten or darken each other.
    """
    drawn = np.rint(255 * _ink(image, start, end)).astype(np.uint8)
    result: Bytes = np.minimum(image, 255 - drawn) if is_black else np.maximum(image, drawn)
    return result


def coloured_stroke(image: Bytes, start: Point, end: Point, colour: tuple[int, int, int]) -> Bytes:
    """Return an RGB image (H, W, 3) with a straight stroke in a colour."""
    ink = _ink(image, start, end)[..., None]
    return np.rint(image * (1 - ink) + np.array(colour) * ink).astype(np.uint8)


def centred(image: Bytes, ground: int = 0) -> tuple[Bytes, tuple[int, int]]:
    """Return the image moved so that its centre of mass is its centre, and ``(x, y)`` moved.

    MNIST's images were made so: "the images were centered in a 28x28 image by computing the
    center of mass of the pixels". The mass of a pixel is its distance from ``ground``. Whole
    pixels; what leaves the image is lost.

    Source:
        LeCun, Cortes, Burges: The MNIST database of handwritten digits.
    """
    height, width = image.shape[:2]
    mass = np.abs(image.astype(np.float64) - ground).reshape(height, width, -1).sum(2)
    total = mass.sum()
    if not total:
        return image, (0, 0)
    x = round(width / 2 - float(mass.sum(0) @ np.arange(width)) / total)
    y = round(height / 2 - float(mass.sum(1) @ np.arange(height)) / total)
    moved = np.full_like(image, ground)
    moved[max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)] = image[
        max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)
    ]
    return moved, (x, y)


def _ink(image: Bytes, start: Point, end: Point) -> Floats:
    """Return the share of each pixel that a stroke covers, (H, W)."""
    height, width = image.shape[:2]
    unit = max(max(height, width) / SIDE, LEAST_UNIT)
    rows, columns = np.mgrid[:height, :width] + 0.5
    across, down = end[0] - start[0], end[1] - start[1]
    length = across * across + down * down
    along = ((columns - start[0]) * across + (rows - start[1]) * down) / (length or 1.0)
    along = np.clip(along, 0, 1)
    distance = np.hypot(columns - start[0] - along * across, rows - start[1] - along * down)
    ink: Floats = np.clip((EDGE * unit - distance) / ((EDGE - CORE) * unit), 0, 1)
    return ink
