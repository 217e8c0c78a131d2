"""Where the parts of the dialog to draw a digit are."""

from dataclasses import dataclass

from textual.geometry import Region

from vae_tui.image_shape import ImageShape
from vae_tui.terminal.tiles import fitting, widths
from vae_tui.tui.widgets.latent_bars import LEAST_CELLS

PAD_SCALES = (2, 1, 0.71, 0.5)
PICTURE_SCALES = (1, 0.86, 0.71, 0.57, 0.5, 0.43, 0.36)
BORDER = 2
"""Columns and rows of the pad's border."""
MOST_PICTURES = 4
PAD_SHARE = 0.55
"""Largest share of the width that the pad takes."""
PICTURE_SHARE = 0.4
"""Largest share of the height that the pictures take."""
LEAST_MAP_BELOW, LEAST_MAP_BESIDE = 12, 8
"""Rows from which the map is below the pad, or at the right."""
LEAST_LABELLED_MAP = 7
FACTS = 4
"""Rows of the numbers in words."""


@dataclass(frozen=True, slots=True)
class DrawLayout:
    """Regions within the dialog, in cells."""

    pad: Region
    """The pad with its border."""
    labels: Region
    pictures: Region
    pixels: int
    """Cells across one of the pictures."""
    count: int
    """How many there are."""
    facts: Region
    bars: Region
    map_label: Region
    """Empty where the map is low."""
    map: Region


def draw_layout(width: int, height: int, shape: ImageShape, latent_dim: int) -> DrawLayout:
    """Return the largest pad that leaves room for what the network makes of the drawing.

    Pictures and bars are at its right. The map is below it, or where that is low, at the right,
    and then the numbers are below the pad.
    """

    def rows_of(pixels: int) -> int:
        return -(-round(shape.height * pixels / shape.width) // 2)

    pads = widths(shape.width, *PAD_SCALES)
    pad = next(
        (
            one
            for one in pads
            if one + BORDER <= PAD_SHARE * width and rows_of(one) + BORDER < height
        ),
        pads[-1],
    )
    left, below = pad + BORDER, height - rows_of(pad) - BORDER
    x, right = left + 1, width - left - 1
    sizes = [
        size
        for size in widths(shape.width, *PICTURE_SCALES)
        if fitting(right, size) >= min(3, right // (LEAST_CELLS // 2))
        and 1 + rows_of(size) <= PICTURE_SHARE * height
    ] or [widths(shape.width, PICTURE_SCALES[-1])[0]]
    spaced = 2 * latent_dim + FACTS + 1  # rows of bars with a row between them, and of the rest
    pixels = next((one for one in sizes if height - rows_of(one) - 1 >= spaced), sizes[0])
    count = max(min(fitting(right, pixels), MOST_PICTURES), 1)
    top = 1 + rows_of(pixels)
    bars = -(-latent_dim // max(right // LEAST_CELLS, 1)) + 1  # rows that they need
    if latent_dim + 1 + LEAST_MAP_BELOW <= height - top:
        bars = latent_dim + 1
    if below < LEAST_MAP_BELOW and height - top - bars >= LEAST_MAP_BESIDE:
        facts = Region(0, height - below, left, below)
        lowest = Region(x, top + bars, right, height - top - bars)
        beside = Region(x, top, right, bars)
    else:
        rows = min(FACTS, max(height - top - bars, 1))
        facts = Region(x, top, right, rows)
        lowest = Region(0, height - below, left, below)
        beside = Region(x, top + rows, right, height - top - rows)
    label = Region(lowest.x, lowest.y, lowest.width, int(lowest.height >= LEAST_LABELLED_MAP))
    return DrawLayout(
        pad=Region(0, 0, left, rows_of(pad) + BORDER),
        labels=Region(x, 0, right, 1),
        pictures=Region(x, 1, right, rows_of(pixels)),
        pixels=pixels,
        count=count,
        facts=facts,
        bars=beside,
        map_label=label,
        map=lowest.shrink((label.height, 0, 0, 0)),
    )
