"""A movie through a run's kept steps as an animated GIF: captions, timeline, a dark ground.

The same frames give the same bytes.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import draw_class_marks, in_square
from vae_tui.terminal.class_colours import CLASS_COLOURS, class_colour

FIRST_MILLISECONDS, LAST_MILLISECONDS = 1_200, 3_000
_DOUBLING_MILLISECONDS = 350
"""Duration for each doubling of the step, counted from 1: most is learned early."""
_FRAME_MILLISECONDS = 80, 1_000
"""Shortest and longest duration of a frame between the first and the last."""

GROUND, _TEXT, _QUIET, _RULE, _HERE = "#101010", "#e4e4e4", "#949494", "#303030", "#00afff"
_WIDTH = 720
"""Largest width of the pictures in pixels; they are enlarged by a whole number."""
_MAP_SIDE = 520
_MARGIN, _GUTTER, _TITLE_HEIGHT, _CAPTION_HEIGHT = 20, 6, 44, 62
_GREYS, _MORE_COLOURS, _PALETTE_PICTURES = 20, 221, 8
"""Levels of grey in the GIF; further colours where pictures have some, which make 256 with those
named here; and the most pictures that these are taken from."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of a movie."""

    picture: Image.Image
    step: int
    caption: str
    """Bottom left: the epoch."""


def movie(scenes: Sequence[Scene], title: str, about: str) -> bytes:
    """Return the scenes as a GIF that loops; the first and the last are shown longer.

    ``title`` is drawn above the pictures, ``about`` kept inside the file.
    """
    frames = [_framed(scenes, index, title) for index in range(len(scenes))]
    palette = _palette([scene.picture for scene in scenes])
    reduced = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    reduced[0].save(
        buffer, "GIF", save_all=True, append_images=reduced[1:], loop=0,
        duration=_durations([scene.step for scene in scenes]), comment=about.encode(),
    )  # fmt: skip
    return buffer.getvalue()


def digits_picture(images: Bytes, columns: int) -> Image.Image:
    """Return images, uint8 (N, H, W) or (N, H, W, 3), in rows of ``columns`` with a gutter."""
    height, width = images.shape[1:3]
    scale = max((_WIDTH + _GUTTER) // columns - _GUTTER, width) // width
    across, down = scale * width + _GUTTER, scale * height + _GUTTER
    rows = -(-len(images) // columns)
    picture = Image.new("RGB", (columns * across - _GUTTER, rows * down - _GUTTER), GROUND)
    for index, image in enumerate(images):
        large = Image.fromarray(image).resize((scale * width, scale * height), Image.Resampling.BOX)
        row, column = divmod(index, columns)
        picture.paste(large.convert("RGB"), (column * across, row * down))
    return picture


def map_pictures(steps: Sequence[Floats], labels: Bytes) -> list[Image.Image]:
    """Return one picture for the points (N, 2) of each step, all with the same scale."""
    everything = np.concatenate(steps)
    return [
        _map_picture(in_square(points, everything, _MAP_SIDE, _MARGIN), labels) for points in steps
    ]


def _map_picture(places: Floats, labels: Bytes) -> Image.Image:
    picture = Image.new("RGB", (_MAP_SIDE, _MAP_SIDE), GROUND)
    draw = ImageDraw.Draw(picture)
    for place, label in zip(places, labels, strict=True):
        draw.circle(tuple(np.rint(place)), 2, class_colour(label))
    draw_class_marks(draw, places, labels, 34, GROUND)
    return picture


def _framed(scenes: Sequence[Scene], index: int, title: str) -> Image.Image:
    """Return a scene with title, caption, and a timeline of all scenes."""
    scene = scenes[index]
    width, height = scene.picture.size
    size = width + 2 * _MARGIN, height + _TITLE_HEIGHT + _CAPTION_HEIGHT
    frame = Image.new("RGB", size, GROUND)
    frame.paste(scene.picture, (_MARGIN, _TITLE_HEIGHT))
    draw = ImageDraw.Draw(frame)
    small, large = ImageFont.load_default(15), ImageFont.load_default(19)
    left, right, bottom = _MARGIN, size[0] - _MARGIN, size[1]
    draw.text((left, _TITLE_HEIGHT / 2), title, _QUIET, small, anchor="lm")
    draw.text((left, bottom - 38), scene.caption, _TEXT, large, anchor="lm")
    draw.text((right, bottom - 38), f"step {scene.step:,}", _QUIET, small, anchor="rm")
    here = left + (right - left) * index / max(len(scenes) - 1, 1)
    draw.line((left, bottom - 14, right, bottom - 14), _RULE, 2)
    draw.line((left, bottom - 14, here, bottom - 14), _HERE, 2)
    draw.circle((here, bottom - 14), 4, _HERE)
    return frame


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return an image with the colours of all frames: our own, greys, and those of pictures."""
    ours = (GROUND, _TEXT, _QUIET, _RULE, _HERE, *CLASS_COLOURS)
    colours = [ImageColor.getrgb(colour)[:3] for colour in ours]
    colours += [(round(level),) * 3 for level in np.linspace(0, 255, _GREYS)]
    values = [channel for colour in colours for channel in colour]
    last = pictures[-1]
    if ImageChops.difference(last, last.convert("L").convert("RGB")).getbbox():
        stride = -(-len(pictures) // _PALETTE_PICTURES)
        some = np.concatenate([np.asarray(picture) for picture in pictures[::-1][::stride]])
        found = Image.fromarray(some).quantize(_MORE_COLOURS, dither=Image.Dither.NONE).getpalette()
        values += found or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(values)
    return palette


def _durations(steps: Sequence[int]) -> list[int]:
    """Return the milliseconds that each frame is shown."""
    if len(steps) == 1:
        return [LAST_MILLISECONDS]
    shortest, longest = _FRAME_MILLISECONDS
    between = [
        min(
            max(int(_DOUBLING_MILLISECONDS * math.log2((after + 1) / (step + 1))), shortest),
            longest,
        )
        for step, after in pairwise(steps[1:])
    ]
    return [FIRST_MILLISECONDS, *between, LAST_MILLISECONDS]
