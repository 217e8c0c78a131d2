"""The map as a picture: each test image is the mark of its class in the colour of its class."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import encoded
from vae_tui.terminal.class_colours import class_colour, class_mark

_SIDE = 960
_MARGIN = 32
_TITLE_HEIGHT = 56
_LEGEND_WIDTH = 200
_FONT_SIZES = 14, 20, 44
"""Of points, text and the marks at the centres of classes."""
_BACKGROUND = "#080808"
_TEXT = "#d7d7d7"


def map_png(points: Floats, labels: Bytes, classes: Sequence[str], title: str) -> bytes:
    """Return points (N, 2) as PNG, both axes with the same scale.

    ``labels``, (N,), are indices into ``classes``, whose names are in the legend.
    """
    picture = Image.new("RGB", (_SIDE + _LEGEND_WIDTH, _SIDE + _TITLE_HEIGHT), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    small, medium, large = (ImageFont.load_default(size) for size in _FONT_SIZES)
    draw.text((_MARGIN, 18), title, _TEXT, medium)
    places = _places(points)
    for place, label in zip(places, labels, strict=True):
        draw.text(tuple(place), class_mark(label), class_colour(label), small, anchor="mm")
    present = sorted({int(label) for label in labels})
    for label in present:
        # The median: the mean of a class in two clusters may lie in a third class's.
        centre = np.median(places[labels == label], axis=0)
        draw.text(
            tuple(centre), class_mark(label), class_colour(label), large,
            anchor="mm", stroke_width=5, stroke_fill=_BACKGROUND,
        )  # fmt: skip
    for row, label in enumerate(present):
        name = "" if classes[label] == str(label) else f"  {classes[label]}"
        text = f"{class_mark(label)}{name}  ({int((labels == label).sum())})"
        place = (_SIDE + 16, _TITLE_HEIGHT + _MARGIN + 30 * row)
        draw.text(place, text, class_colour(label), medium)
    return encoded(picture, title)


def _places(points: Floats) -> Floats:
    """Return the positions of the points in the picture, (N, 2) pixels; y grows upwards."""
    low, high = points.min(0), points.max(0)
    scale = (_SIDE - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    centred = (points - (low + high) / 2) * np.array([scale, -scale])
    result: Floats = (centred + np.array([_SIDE / 2, _TITLE_HEIGHT + _SIDE / 2])).astype(np.float32)
    return result
