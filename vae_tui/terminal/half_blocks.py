"""Grey bytes to half-block strips: two pixels a terminal cell, one above the other.

Knows nothing of models, widgets or where the bytes come from. A picture is a uint8 array (H, W),
0 black, 255 white.
"""

import enum
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Picture = NDArray[np.uint8]


class Palette(enum.Enum):
    """How one cell shows its two pixels."""

    GREYS = "greys"
    """Half-blocks in the 26 greys of a 256-colour terminal."""
    SHADES = " ░▒▓█"
    """One of five shades for the mean of the two pixels: 16 colours or `NO_COLOR`."""
    ASCII = " .:-=+*#%@"
    """One of ten characters for the mean of the two pixels: no UTF-8."""


def palette_for(colour_system: str | None, unicode: bool) -> Palette:
    """Return what a terminal of these colours (Rich's name of them) and characters can show."""
    if not unicode:
        return Palette.ASCII
    return Palette.GREYS if colour_system in ("256", "truecolor") else Palette.SHADES


DARKEST_SHOWN = 12
"""Pixels below this are drawn black: noise nobody sees, and the longest runs on a slow link."""

GREY_LEVELS: Picture = np.array([0, *range(8, 239, 10), 255], dtype=np.uint8)
"""The greys of a 256-colour terminal: black, palette entries 232 to 255, white."""

_LEVEL_COUNT = len(GREY_LEVELS)
_NEAREST = np.abs(np.arange(256)[:, None] - GREY_LEVELS.astype(int)[None, :]).argmin(axis=1)
LEVEL_OF_GREY: Picture = np.where(np.arange(256) < DARKEST_SHOWN, 0, _NEAREST).astype(np.uint8)
"""For each of the 256 greys, the index into `GREY_LEVELS` it is drawn with."""


def half_blocks(picture: Picture, palette: Palette = Palette.GREYS) -> list[Strip]:
    """Return ceil(H / 2) strips of W cells that show ``picture`` (H, W).

    An odd last row stands over black. Strips of `SHADES` and `ASCII` carry no style:
    they take the widget's own.
    """
    height, width = picture.shape
    if width == 0:
        return [Strip.blank(0)] * (-(-height // 2))
    if height % 2:
        picture = np.vstack([picture, np.zeros((1, width), dtype=np.uint8)])
    upper, lower = picture[0::2], picture[1::2]
    if palette is Palette.GREYS:
        return _grey_strips(LEVEL_OF_GREY[upper], LEVEL_OF_GREY[lower])
    return _character_strips(upper, lower, palette.value)


def _grey_strips(upper: Picture, lower: Picture) -> list[Strip]:
    rows, width = upper.shape
    pairs = upper.astype(np.int32) * _LEVEL_COUNT + lower
    begins = np.ones((rows, width), dtype=bool)  # a run never crosses into the next row
    np.not_equal(pairs[:, 1:], pairs[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=rows * width).tolist()
    values = pairs.ravel()[starts].tolist()
    segments = list(map(_run, values, lengths))
    ends = begins.sum(axis=1).cumsum().tolist()
    return [Strip(segments[start:end], width) for start, end in zip([0, *ends], ends, strict=False)]


def _character_strips(upper: Picture, lower: Picture, characters: str) -> list[Strip]:
    means = (upper.astype(np.int32) + lower) / 2
    indices = np.rint(means * ((len(characters) - 1) / 255)).astype(np.intp)
    texts = np.array(list(characters))[indices]
    return [Strip([Segment("".join(row))], upper.shape[1]) for row in texts.tolist()]


@lru_cache(maxsize=16_384)
def _run(pair: int, length: int) -> Segment:
    """Return ``length`` cells of the grey levels ``upper * 26 + lower``; segments are shared."""
    upper, lower = divmod(pair, _LEVEL_COUNT)
    return Segment((" " if upper == lower else "▀") * length, _pair_style(upper, lower))


@cache
def _pair_style(upper: int, lower: int) -> Style:
    background = _level_colour(lower)
    return (
        Style(bgcolor=background)
        if upper == lower
        else Style(color=_level_colour(upper), bgcolor=background)
    )


def _level_colour(level: int) -> str:
    """Return the truecolor of a grey level: the exact one, or up to two steps lighter.

    Rich finds the palette entry as ``round(lightness * 25)``, which from 158 up is one entry too
    dark for the exact grey. Naming the entry does not help: Textual makes it truecolor first.
    """
    grey = int(GREY_LEVELS[level])
    while round(grey / 255 * 25) < level:
        grey += 1
    return f"#{grey:02x}{grey:02x}{grey:02x}"
