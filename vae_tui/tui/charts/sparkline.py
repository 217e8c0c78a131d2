"""A small curve in a row or a few rows of block characters."""

import numpy as np
from numpy.typing import ArrayLike

_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:-=+*#@"
IN_ASCII = str.maketrans(_BLOCKS, _ASCII)
"""Translates a curve for a terminal without block characters."""


def sparkline(
    values: ArrayLike, width: int, rows: int = 1, top: float | None = None, *, unicode: bool = True
) -> list[str]:
    """Return ``rows`` lines of ``width`` characters with values (N,) as columns.

    The lowest value, or 0 where ``top`` is given, has the least height; ``top``, or the highest
    value, the greatest. Values that are not finite are left out.
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not len(known) or width < 1:
        return [" " * max(width, 0)] * rows
    columns = np.interp(np.linspace(0, len(known) - 1, width), np.arange(len(known)), known)
    low, high = (0.0, top) if top is not None else (float(known.min()), float(known.max()))
    share = (columns - low) / (high - low) if high > low else np.zeros(width)
    steps = 8 * rows - 1
    levels = 1 + np.rint(np.clip(share, 0, 1) * steps).astype(int)  # the least is one eighth
    characters = _BLOCKS if unicode else _ASCII
    return [
        "".join(characters[min(max(level - 8 * row, 0), 8)] for level in levels.tolist())
        for row in reversed(range(rows))
    ]
