"""Large numerals at the centres of the classes on the map."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vae_tui.terminal.class_colours import class_mark
from vae_tui.text import cut

_FONT = dict(
    zip(
        "0123456789",
        (
            *("75557", "26227", "71747", "71717", "55711"),
            *("74717", "74757", "71122", "75757", "75717"),
        ),
        strict=True,
    )
)
"""Five rows of three pixels, each row a number from 0 to 7."""
_HALVES = " ▀▄█"
"""Indexed by the upper pixel plus two for the lower one."""
BLOCKS_FROM = 66, 24
"""Columns and rows of a pane in which numerals are made of blocks."""
TEXT_CELLS = 3
"""Columns of a numeral that is text."""
LONGEST_NAME = 11
FARTHEST_MOVE = 16
"""Most columns by which a numeral is moved to keep clear of others."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """One class's name on the map."""

    label: int
    left: int
    top: int
    rows: tuple[str, ...]
    """Characters; they cover what lies below them, spaces too."""


def numerals(
    centres: Sequence[tuple[int, float, float]],
    width: int,
    height: int,
    *,
    unicode: bool,
    mixed: Collection[int] = (),
    names: Sequence[str] = (),
) -> list[Numeral]:
    """Return numerals for classes, each at its centre or as near as there is room.

    ``centres`` holds class, column and row, in cells of a pane ``width`` x ``height``. All are text
    where most of the classes are ``mixed``: among the points of others there is no room for large
    ones. In a pane without blocks the ``names``, if given, stand beside the marks.
    """
    has_blocks = unicode and width >= BLOCKS_FROM[0] and height >= BLOCKS_FROM[1]
    is_large = has_blocks and 2 * len(mixed) <= len(centres)
    taken = np.zeros((height, width), bool)
    placed = []
    for label, column, row in centres:
        mark = _rows(label, is_large=is_large)
        named = (
            (f"{mark[0]}{cut(names[label], LONGEST_NAME)} ",) if names and not has_blocks else ()
        )
        for rows in filter(None, (named, mark)):
            if place := _free_place(taken, rows, column, row):
                left, top = place
                taken[top : top + len(rows), left : left + len(rows[0])] = True
                placed.append(Numeral(label, left, top, rows))
                break
    return placed


def _free_place(
    taken: NDArray[np.bool_], rows: Sequence[str], column: float, row: float
) -> tuple[int, int] | None:
    """Return the nearest place, column and row, where nothing is taken; None if that is far."""
    height, width = taken.shape
    wide, high = len(rows[0]), len(rows)
    middle = (wide if high > 1 else TEXT_CELLS) // 2  # a name begins at its class
    for across, down in _nearby():
        left, top = int(column) - middle + across, int(row) - high // 2 + down
        is_inside = 0 <= left <= width - wide and 0 <= top <= height - high
        if is_inside and not taken[top : top + high, left : left + wide].any():
            return left, top
    return None


@cache
def _nearby() -> tuple[tuple[int, int], ...]:
    """Return offsets in cells, the nearest first; a row counts as two columns."""
    span = range(-FARTHEST_MOVE, FARTHEST_MOVE + 1)
    half = range(-FARTHEST_MOVE // 2, FARTHEST_MOVE // 2 + 1)
    offsets = ((x, y) for y in half for x in span)
    return tuple(sorted(offsets, key=lambda at: at[0] ** 2 + 4 * at[1] ** 2))


def _rows(label: int, *, is_large: bool) -> tuple[str, ...]:
    """Return the rows of the mark of a class, with a free column at each side."""
    mark = class_mark(label)
    if not is_large or mark not in _FONT:
        return (f" {mark} ",)
    pixels = [[int(row) >> shift & 1 for shift in (2, 1, 0)] for row in _FONT[mark]]
    picture = np.pad(pixels, ((0, 1), (1, 1)))
    halves = picture[0::2] + 2 * picture[1::2]
    return tuple("".join(_HALVES[cell] for cell in row) for row in halves)
