"""The map as a picture: every test image a figure, its class by colour and by the figure."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import encoded
from vae_tui.terminal.class_colours import CLASS_COLOURS

_SIDE = 960
_MARGIN = 32
_TITLE_HEIGHT = 56
_LEGEND_WIDTH = 200
_BACKGROUND = "#080808"
_TEXT = "#d7d7d7"


def map_png(points: Floats, labels: Bytes, classes: Sequence[str], title: str) -> bytes:
    """Return points (N, 2) as PNG; each is its class's figure in its colour.

    Args:
        points: Where they are; both axes have one scale.
        labels: Their classes, (N,), 0 to 9.
        classes: The names of the classes, for the legend.
        title: The line above.
    """
    picture = Image.new("RGB", (_SIDE + _LEGEND_WIDTH, _SIDE + _TITLE_HEIGHT), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    small, medium, large = (ImageFont.load_default(size) for size in (14, 20, 44))
    draw.text((_MARGIN, 18), title, _TEXT, medium)
    places = _places(points)
    for place, label in zip(places, labels, strict=True):
        draw.text(tuple(place), str(label), CLASS_COLOURS[label], small, anchor="mm")
    present = sorted({int(label) for label in labels})
    for label in present:
        # The median: a class may lie in two heaps, and a mean between them would name a third.
        centre = np.median(places[labels == label], axis=0)
        draw.text(
            tuple(centre), str(label), CLASS_COLOURS[label], large,
            anchor="mm", stroke_width=5, stroke_fill=_BACKGROUND,
        )  # fmt: skip
    for row, label in enumerate(present):
        name = "" if classes[label] == str(label) else f"  {classes[label]}"
        text = f"{label}{name}  ({int((labels == label).sum())})"
        draw.text(
            (_SIDE + 16, _TITLE_HEIGHT + _MARGIN + 30 * row), text, CLASS_COLOURS[label], medium
        )
    return encoded(picture, title)


def _places(points: Floats) -> Floats:
    """Return where in the picture the points are; up is more."""
    low, high = points.min(0), points.max(0)
    scale = (_SIDE - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    centred = (points - (low + high) / 2) * np.array([scale, -scale])
    result: Floats = (centred + np.array([_SIDE / 2, _TITLE_HEIGHT + _SIDE / 2])).astype(np.float32)
    return result
