"""RGB pictures in fewer colours, each a number: 32 levels a channel, or palette entries."""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet

from vae_tui.arrays import Bytes
from vae_tui.terminal.nearest_entry import (
    HUE_WEIGHT,
    entries_by_colour,
    entries_in_oklab,
    linear,
    oklab,
)

Codes = NDArray[np.int32]
LEVELS = 32
"""Levels of each channel in truecolor: more neighbours are equal, and no difference is seen.

All 256 levels take 10 to 14 % more bytes, 16 levels 7 to 11 % less.
"""
TRUECOLOR_COUNT = LEVELS**3
_LEVEL = np.rint(np.arange(256) * ((LEVELS - 1) / 255)).astype(np.int32)
"""The level of each value of a channel."""
_UNKNOWN = -1


def truecolor_codes(picture: Bytes) -> Codes:
    """Return a number below `TRUECOLOR_COUNT` for each pixel of a picture (H, W, 3)."""
    levels = _LEVEL[picture]
    codes: Codes = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    return codes


def entry_codes(picture: Bytes) -> Codes:
    """Return the number of the palette entry for each pixel of a picture (H, W, 3).

    It is the nearest one to the pixel's truecolor code, as `nearest_entry` finds it. Not dithered:
    pixels are so large that its dots are seen, and it takes 12 to 37 % more bytes.
    """
    codes, known = truecolor_codes(picture), _entry_of_code()
    if len(new := np.unique(codes[known[codes] == _UNKNOWN])):
        known[new] = _nearest_entries(new)
    return known[codes]


@lru_cache(maxsize=TRUECOLOR_COUNT)
def truecolor(code: int) -> Color:
    """Return the colour of a truecolor code."""
    return Color.from_rgb(*_channels(np.array(code)))


@cache
def entry_colour(number: int) -> Color:
    """Return the colour of a palette entry.

    Rich and Textual send it as its number: Textual would convert a colour without a triplet to
    truecolor, and Rich a truecolor to another entry.
    """
    triplet = ColorTriplet(*_colours()[number])
    return Color(triplet.hex, ColorType.EIGHT_BIT, number, triplet)


@cache
def _colours() -> dict[int, tuple[int, int, int]]:
    return {number: colour for colour, number in entries_by_colour().items()}


def _channels(codes: Codes) -> Codes:
    """Return the channels, 0 to 255, of truecolor codes (N,): (3, N)."""
    levels = np.stack([codes // LEVELS**2, codes // LEVELS % LEVELS, codes % LEVELS])
    channels: Codes = np.rint(levels * (255 / (LEVELS - 1))).astype(np.int32)
    return channels


@cache
def _entry_of_code() -> Codes:
    """Return the entry of each truecolor code, filled in by `entry_codes`: all take 0.2 s."""
    return np.full(TRUECOLOR_COUNT, _UNKNOWN, np.int32)


def _nearest_entries(codes: Codes) -> Codes:
    """Return the palette entry that looks most like each truecolor code, (N,)."""
    light = np.array([linear(value) for value in range(256)])
    colours = np.stack(oklab(*light[_channels(codes)]), axis=1)  # (N, 3)
    numbers, known = zip(*entries_in_oklab(), strict=True)
    weights = np.array([1.0, HUE_WEIGHT, HUE_WEIGHT])
    # Squared distances, without the square of the colour, which is the same for all entries.
    targets = np.array(known) * weights
    distances = np.square(targets).sum(1) - 2 * (colours * weights) @ targets.T  # (N, 240)
    found: Codes = np.array(numbers, np.int32)[distances.argmin(1)]
    return found
