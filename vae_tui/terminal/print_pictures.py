"""Pictures as lines on a terminal, where they stay: half-blocks, shades or ASCII."""

import os
import sys

import numpy as np
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from vae_tui.arrays import Bytes, Floats
from vae_tui.terminal.capabilities import colour_system, is_unicode
from vae_tui.terminal.class_colours import CLASS_COLOURS
from vae_tui.terminal.half_blocks import half_blocks, palette_for, shrink, tile

SIZES = (56, 28, 20, 14)
"""Of a digit, in cells across and pixels down; the largest with which all fit is taken."""


def print_digits(images: Bytes) -> None:
    """Print digits, uint8 (N, 784), as large as they all fit."""
    console = _console()
    unicode = is_unicode(os.environ) and "utf" in (sys.stdout.encoding or "").lower()
    palette = palette_for(None if console.no_color else console.color_system, unicode)
    size, across = layout(len(images), console.width, console.height - 2)
    picture = tile(shrink(images.reshape(-1, 28, 28), size), across)
    for strip in half_blocks(picture, palette):
        console.print(Segments([*strip, Segment.line()]))


def layout(count: int, width: int, height: int) -> tuple[int, int]:
    """Return the size of a digit, and how many there are in a row.

    Args:
        count: Of the digits.
        width: Of the terminal, in cells.
        height: The cells, each two pixels, in which all should be seen at once.
    """
    for size in SIZES:
        across = min(count, width // size)
        if across and -(-count // across) * size <= 2 * height:
            return size, across
    size = max(min(SIZES[-1], width), 1)
    return size, max(min(count, width // size), 1)


def print_map(points: Floats, labels: Bytes) -> None:
    """Print points (N, 2) as the figures of their classes; in a cell of many, the commonest."""
    console = _console()
    width, height = max(console.width - 1, 1), max(console.height - 3, 1)
    low, high = points.min(0), points.max(0)
    # A cell is twice as high as wide: one scale for both axes.
    scale = max((high[0] - low[0]) / width, (high[1] - low[1]) / (2 * height), 1e-9)
    columns = np.minimum((points[:, 0] - low[0]) / scale, width - 1).astype(int)
    rows = np.minimum((high[1] - points[:, 1]) / (2 * scale), height - 1).astype(int)
    counts = np.zeros((rows.max() + 1, columns.max() + 1, len(CLASS_COLOURS)), np.intp)
    np.add.at(counts, (rows, columns, labels), 1)
    for cells in counts:
        line = Text()
        for cell in cells:
            label = int(cell.argmax())
            style = Style(color=CLASS_COLOURS[label])
            line.append(*((str(label), style) if cell[label] else (" ",)))
        line.rstrip()
        console.print(line, soft_wrap=True)


def _console() -> Console:
    colours = colour_system(os.environ)
    return Console(color_system="256", highlight=False) if colours else Console(highlight=False)
