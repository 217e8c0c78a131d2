"""Pictures as rows of Rich segments: two pixels a terminal cell, one above the other.

A picture is a uint8 array: grey (H, W), 0 black, 255 white, or RGB (H, W, 3). Colours are reduced
to fewer first (`colour_codes`), so that a picture of 32x32 in colour takes at most
`PICTURE_BYTES`.
"""

import enum
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from vae_tui.arrays import Bytes
from vae_tui.terminal import grey_levels
from vae_tui.terminal.colour_codes import (
    TRUECOLOR_COUNT,
    Codes,
    entry_codes,
    entry_colour,
    truecolor,
    truecolor_codes,
)

Row = list[Segment]


class Palette(enum.Enum):
    """How one cell shows its two pixels."""

    TRUECOLOR = "truecolor"
    """Half-blocks in 26 greys; RGB pictures in 32 levels of each channel."""
    COLOURS_256 = "256"
    """Half-blocks in the 26 greys of a 256-colour terminal; RGB pictures in its 240 colours."""
    SHADES = grey_levels.SHADES
    """A half-block if they differ much, else one of five shades: 16 colours or `NO_COLOR`."""
    ASCII = grey_levels.ASCII
    """The same with characters that are high or low in their cell: no UTF-8."""

    @property
    def has_colours(self) -> bool:
        """Whether cells have colours of their own, rather than those of the widget."""
        return self in (Palette.TRUECOLOR, Palette.COLOURS_256)


def palette_for(colour_system: str | None, unicode: bool) -> Palette:
    """Return the palette for Rich's name of the colours, and for UTF-8 or not."""
    if not unicode:
        return Palette.ASCII
    if colour_system == "truecolor":
        return Palette.TRUECOLOR
    return Palette.COLOURS_256 if colour_system == "256" else Palette.SHADES


HALVES = {Palette.SHADES: ("▀", "▄"), Palette.ASCII: ('"', "o")}
"""The characters of a cell whose upper or lower pixel alone is bright."""
LARGE_DIFFERENCE = 110
"""Two pixels that differ this much are an edge, which their mean would blur."""
DARKEST_SHOWN = 12
"""Darker pixels are drawn black: invisible noise that would break up runs of equal cells."""

GREY_LEVELS: Bytes = np.array(grey_levels.GREYS, dtype=np.uint8)
_LEVEL_COUNT = len(GREY_LEVELS)
_NEAREST = np.abs(np.arange(256)[:, None] - GREY_LEVELS.astype(int)[None, :]).argmin(axis=1)
LEVEL_OF_GREY: Bytes = np.where(np.arange(256) < DARKEST_SHOWN, 0, _NEAREST).astype(np.uint8)
"""For each of the 256 greys, the index into `GREY_LEVELS` it is drawn with."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of the channels in the brightness of a pixel (ITU-R BT.601), as Pillow's grey has them."""

PICTURE_BYTES = {Palette.TRUECOLOR: 20_000, Palette.COLOURS_256: 12_000}
"""Bytes on the link for 32x32 RGB pixels, at most: noise takes nearly as many.

Emoji take 6,400 and 3,300, samples of a network trained on them 15,000 and 6,000.
"""
BLACK = "#000000"


def half_blocks(
    picture: Bytes, palette: Palette = Palette.COLOURS_256, ground: str = BLACK
) -> list[Row]:
    """Return ceil(H / 2) rows of W cells that show ``picture``, (H, W) or (H, W, 3).

    Grey pixels of 0 have the colour ``ground``, ``#rrggbb``; lighter ones are between it and white.
    RGB pixels keep their colours. Below an odd last row is black. Rows of `SHADES` and `ASCII`
    carry no style: they take the widget's.
    """
    height, width = picture.shape[:2]
    if width == 0:
        return [[] for _ in range(-(-height // 2))]
    if height % 2:
        picture = np.concatenate([picture, np.zeros_like(picture[:1])])
    if picture.ndim == 3 and palette.has_colours:
        return _colour_rows(picture, palette)
    if picture.ndim == 3:
        picture = (picture @ _LUMA + 0.5).astype(np.uint8)
    upper, lower = picture[0::2], picture[1::2]
    if palette.has_colours:
        return _grey_rows(LEVEL_OF_GREY[upper], LEVEL_OF_GREY[lower], ground)
    return [[Segment("".join(row))] for row in _characters(upper, lower, palette).tolist()]


def side_by_side(
    pictures: Bytes, gap: int, palette: Palette = Palette.COLOURS_256, ground: str = BLACK
) -> list[Row]:
    """Return the rows of pictures (N, H, W) or (N, H, W, 3).

    Between them are ``gap`` cells of no style.
    """
    pieces = [half_blocks(picture, palette, ground) for picture in pictures]
    rows: list[Row] = []
    for first, *others in zip(*pieces, strict=True):
        row = list(first)
        for piece in others:
            row += [Segment(" " * gap), *piece]
        rows.append(row)
    return rows


def _characters(upper: Bytes, lower: Bytes, palette: Palette) -> NDArray[np.str_]:
    """Return the characters, of one cell each, that show the pixels without colours."""
    shades = np.array(list(palette.value))
    difference = upper.astype(np.int32) - lower
    means = lower + difference / 2
    shown = shades[np.rint(means * ((len(shades) - 1) / 255)).astype(np.intp)]
    above, below = HALVES[palette]
    shown[difference >= LARGE_DIFFERENCE] = above
    shown[difference <= -LARGE_DIFFERENCE] = below
    return shown


def _grey_rows(upper: Bytes, lower: Bytes, ground: str) -> list[Row]:
    return _rows(upper.astype(np.int32) * _LEVEL_COUNT + lower, _grey_run, ground)


def _colour_rows(picture: Bytes, palette: Palette) -> list[Row]:
    if palette is Palette.TRUECOLOR:
        codes, run = truecolor_codes(picture), _truecolor_run
    else:
        codes, run = entry_codes(picture), _entry_run
    return _rows(codes[0::2] * TRUECOLOR_COUNT + codes[1::2], run)


def _rows(pairs: Codes, run: Callable[..., Segment], *more: object) -> list[Row]:
    """Return rows of segments for cells (H, W), a number for each pair of colours.

    ``run(pair, length, *more)`` returns the segment of equal cells.
    """
    rows, width = pairs.shape
    begins = np.ones((rows, width), dtype=bool)  # each row begins a run
    np.not_equal(pairs[:, 1:], pairs[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=rows * width).tolist()
    values = pairs.ravel()[starts].tolist()
    segments = list(map(run, values, lengths, *map(repeat, more)))
    ends = begins.sum(axis=1).cumsum().tolist()
    return [segments[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@lru_cache(maxsize=16_384)
def _grey_run(pair: int, length: int, ground: str) -> Segment:
    """Return ``length`` cells of the grey levels ``upper * 26 + lower``; segments are shared."""
    upper, lower = divmod(pair, _LEVEL_COUNT)
    return Segment((" " if upper == lower else "▀") * length, _pair_style(upper, lower, ground))


@lru_cache(maxsize=16_384)
def _truecolor_run(pair: int, length: int) -> Segment:
    return _colour_run(pair, length, truecolor)


@lru_cache(maxsize=16_384)
def _entry_run(pair: int, length: int) -> Segment:
    return _colour_run(pair, length, entry_colour)


def _colour_run(pair: int, length: int, colour_of: Callable[[int], Color]) -> Segment:
    upper, lower = divmod(pair, TRUECOLOR_COUNT)
    if upper == lower:
        return Segment(" " * length, Style.from_color(None, colour_of(lower)))
    return Segment("▀" * length, Style.from_color(colour_of(upper), colour_of(lower)))


@cache
def _pair_style(upper: int, lower: int, ground: str) -> Style:
    foreground = None if upper == lower else _level_colour(upper, ground)
    return Style(color=foreground, bgcolor=_level_colour(lower, ground))


def _level_colour(level: int, ground: str) -> str:
    """Return the truecolor of a grey level on a ground.

    On black it is the exact grey, or one up to two steps lighter: Rich computes the palette entry
    as ``round(lightness * 25)``, which from grey 158 on is one entry too dark for the exact grey.
    Textual converts named entries to truecolor first.
    """
    grey = int(GREY_LEVELS[level])
    if ground != BLACK:
        darkest = bytes.fromhex(ground[1:])
        return f"#{bytes(dark + (255 - dark) * grey // 255 for dark in darkest).hex()}"
    while round(grey / 255 * 25) < level:
        grey += 1
    return f"#{grey:02x}{grey:02x}{grey:02x}"
