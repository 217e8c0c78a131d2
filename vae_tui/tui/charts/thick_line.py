"""Makes a line of braille dots two dots thick."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PEN = 2
"""Dots of a thick line, across and down."""
_Dots = NDArray[np.integer[Any]]
"""Of braille cells, as the bits of 8-bit numbers."""
_BRAILLE, _PATTERNS = 0x2800, 256
# The bits of a braille cell, from top to bottom: 01 02 04 40 at the left, 08 10 20 80 at the right.


def thickened(rows: Sequence[str]) -> list[str]:
    """Return rows of equal length, in which each braille dot has grown to a square.

    The square of `PEN` dots begins at the dot and reaches to the right and down. Other characters
    stay as they are.
    """
    height, width = len(rows), len(rows[0])
    codes = np.frombuffer("".join(rows).encode("utf-32-le"), "<u4").reshape(height, width)
    patterns = codes - _BRAILLE  # of other characters out of range
    is_free = (patterns < _PATTERNS) | (codes == ord(" "))
    given = np.where(patterns < _PATTERNS, patterns, 0).astype(np.uint8)
    dots = _with_dots_to_the_right(_with_dots_below(given))
    drawn = np.where(is_free & (dots > 0), dots + np.uint32(_BRAILLE), codes).astype("<u4")
    return [row.tobytes().decode("utf-32-le") for row in drawn]


def _with_dots_below(dots: _Dots) -> _Dots:
    moved = (dots & 0x1B) << 1 | (dots & 0x04) << 4 | (dots & 0x20) << 2
    moved[1:] |= (dots[:-1] & 0x40) >> 6 | (dots[:-1] & 0x80) >> 4
    return dots | moved


def _with_dots_to_the_right(dots: _Dots) -> _Dots:
    moved = (dots & 0x07) << 3 | (dots & 0x40) << 1
    moved[:, 1:] |= (dots[:, :-1] & 0x38) >> 3 | (dots[:, :-1] & 0x80) >> 1
    return dots | moved
