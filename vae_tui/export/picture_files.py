"""Pictures as files: digits and the map as PNG, an interpolation as an animated GIF.

The same pictures give the same bytes.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.output_file import check_output, write
from vae_tui.terminal.class_colours import class_colour, class_mark
from vae_tui.terminal.tiles import GAP, is_light_at_border, scale, tile

FRAME_MILLISECONDS = 100
_PNG_TIMES, _GIF_TIMES = 4, 8
"""Enlargement of each pixel."""
_LONGEST_SIDE = 16_384
"""Limit in pixels for a PNG; images are enlarged less to stay below it."""

_SIDE = 960
"""Of the map, in pixels, without title and legend."""
_MARGIN = 32
_TITLE_HEIGHT = 56
_LEGEND_WIDTH = 200
_POINT_SIZE, _TEXT_SIZE, _MARK_SIZE = 14, 20, 44
"""Font sizes of points, text and the marks at the centres of classes."""
_BACKGROUND = "#080808"
_TEXT = "#d7d7d7"


def write_digits(path: Path, images: Bytes, columns: int, about: str) -> None:
    """Write images as PNG or as the frames of a GIF; the suffix decides which.

    There is at least one, grey (N, H, W) or RGB (N, H, W, 3). ``columns`` is for PNG, and
    ``about`` is kept inside the file. UsageError when the file is of another kind or cannot be
    written.
    """
    check_output(path, (".png", ".gif"))
    is_gif = path.suffix.lower() == ".gif"
    write(path, gif(images, about) if is_gif else png(images, columns, about))


def png(images: Bytes, columns: int, about: str = "") -> bytes:
    """Return images in a grid as PNG; a pixel becomes `_PNG_TIMES` by as many, or fewer.

    Images that are light at their border have a gutter.
    """
    picture = tile(images, columns, GAP if is_light_at_border(images) else 0)
    times = max(min(_PNG_TIMES, _LONGEST_SIDE // max(picture.shape[:2])), 1)
    (large,) = scale(picture[None], times * picture.shape[1])
    return _encoded(Image.fromarray(large), about)


def gif(images: Bytes, about: str = "") -> bytes:
    """Return images as a GIF that plays forwards and backwards in a loop."""
    frames = scale(images, _GIF_TIMES * images.shape[2])
    first, *others = map(Image.fromarray, [*frames, *frames[-2:0:-1]])
    buffer = io.BytesIO()
    how = {"duration": FRAME_MILLISECONDS, "loop": 0, "comment": about.encode()}
    first.save(buffer, "GIF", save_all=True, append_images=others, **how)
    return buffer.getvalue()


def map_png(points: Floats, labels: Bytes, classes: Sequence[str], title: str) -> bytes:
    """Return points (N, 2) as PNG, both axes with the same scale.

    ``labels``, (N,), are indices into ``classes``, whose names are in the legend.
    """
    picture = Image.new("RGB", (_SIDE + _LEGEND_WIDTH, _SIDE + _TITLE_HEIGHT), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    small, medium = ImageFont.load_default(_POINT_SIZE), ImageFont.load_default(_TEXT_SIZE)
    draw.text((_MARGIN, 18), title, _TEXT, medium)
    places = in_square(points, points, _SIDE, _MARGIN) + np.array((0, _TITLE_HEIGHT), np.float32)
    for place, label in zip(places, labels, strict=True):
        draw.text(tuple(place), class_mark(label), class_colour(label), small, anchor="mm")
    draw_class_marks(draw, places, labels, _MARK_SIZE, _BACKGROUND)
    for row, label in enumerate(np.unique(labels).tolist()):
        name = "" if classes[label] == str(label) else f"  {classes[label]}"
        text = f"{class_mark(label)}{name}  ({int((labels == label).sum())})"
        place = (_SIDE + 16, _TITLE_HEIGHT + _MARGIN + 30 * row)
        draw.text(place, text, class_colour(label), medium)
    return _encoded(picture, title)


def in_square(points: Floats, everything: Floats, side: int, margin: int) -> Floats:
    """Return the places of points (N, 2) in a square of ``side`` pixels, (N, 2); y grows upwards.

    ``everything``, (M, 2), fits into it with a margin, in the middle and to the same scale.
    """
    low, high = everything.min(0), everything.max(0)
    scale = (side - 2 * margin) / max(float((high - low).max()), 1e-9)
    places = np.array((scale, -scale)) * (points - (low + high) / 2) + side / 2
    result: Floats = places.astype(np.float32)
    return result


def draw_class_marks(
    draw: ImageDraw.ImageDraw, places: Floats, labels: Bytes, size: int, ground: str
) -> None:
    """Draw the mark of each class, ``size`` pixels high, in the middle of its places, (N, 2)."""
    font = ImageFont.load_default(size)
    for label in np.unique(labels).tolist():
        # The median: the mean of a class in two clusters may lie in a third class's.
        centre = np.median(places[labels == label], axis=0)
        draw.text(
            tuple(centre), class_mark(label), class_colour(label), font,
            anchor="mm", stroke_width=size // 8, stroke_fill=ground,
        )  # fmt: skip


def _encoded(picture: Image.Image, about: str) -> bytes:
    notes = PngInfo()
    notes.add_text("Software", "vae-tui")
    if about:
        notes.add_itxt("Description", about)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=notes)
    return buffer.getvalue()
