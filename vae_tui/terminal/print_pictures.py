"""Pictures as lines on a terminal, where they stay: half-blocks, shades or ASCII."""

import os
import sys
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from vae_tui.arrays import Bytes, Floats
from vae_tui.terminal.capabilities import colour_system, is_unicode
from vae_tui.terminal.class_colours import class_colour, class_mark
from vae_tui.terminal.half_blocks import Row, half_blocks, palette_for, side_by_side
from vae_tui.terminal.tiles import GAP, fitting, is_light_at_border, scale, tile, widths

SCALES = (2, 1, 0.71, 0.5)
"""Of the pictures; the largest with which all fit is taken."""


def print_digits(images: Bytes) -> None:
    """Print images, uint8 (N, H, W), as large as they all fit."""
    console = _console()
    unicode = is_unicode(os.environ, sys.stdout.encoding or "")
    palette = palette_for(None if console.no_color else console.color_system, unicode)
    sizes = widths(images.shape[2], *SCALES)
    gap = GAP if is_light_at_border(images) else 0
    size, across = layout(len(images), sizes, console.width, console.height - 2, gap)
    images = scale(images, size)
    if not gap:
        _print_rows(console, half_blocks(tile(images, across), palette))
        return
    for first in range(0, len(images), across):
        _print_rows(console, [[]] * (gap if first else 0))
        _print_rows(console, side_by_side(images[first : first + across], gap, palette))


def layout(
    count: int, sizes: Sequence[int], width: int, height: int, gap: int = 0
) -> tuple[int, int]:
    """Return the width of a picture, and how many there are in a row.

    The largest of the widths ``sizes`` with which all are seen at once in ``width`` x ``height``
    cells, each of two pixels, with ``gap`` cells between two columns and between two rows.
    """
    for size in sizes:
        across = min(count, fitting(width, size, gap))
        if across and -(-count // across) * (size + 2 * gap) <= 2 * (height + gap):
            return size, across
    size = max(min(sizes[-1], width), 1)
    return size, max(min(count, fitting(width, size, gap)), 1)


def print_map(points: Floats, labels: Bytes) -> None:
    """Print points (N, 2) as the marks of their classes, in each cell the most frequent one."""
    console = _console()
    width, height = max(console.width - 1, 1), max(console.height - 3, 1)
    low, high = points.min(0), points.max(0)
    # One unit for both axes; a cell is twice as high as wide.
    unit = max((high[0] - low[0]) / width, (high[1] - low[1]) / (2 * height), 1e-9)
    columns = np.minimum((points[:, 0] - low[0]) / unit, width - 1).astype(int)
    rows = np.minimum((high[1] - points[:, 1]) / (2 * unit), height - 1).astype(int)
    counts = np.zeros((rows.max() + 1, columns.max() + 1, labels.max() + 1), np.intp)
    np.add.at(counts, (rows, columns, labels), 1)
    for cells in counts:
        line = Text()
        for cell in cells:
            label = int(cell.argmax())
            mark = class_mark(label) if cell[label] else " "
            line.append(mark, Style(color=class_colour(label)))
        line.rstrip()
        console.print(line, soft_wrap=True)


def _print_rows(console: Console, rows: Sequence[Row]) -> None:
    for row in rows:
        console.print(Segments([*row, Segment.line()]))


def _console() -> Console:
    return Console(color_system="256" if colour_system(os.environ) else "auto", highlight=False)
