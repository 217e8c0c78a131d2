"""Sizes of the image and of the film strips of Walk."""

from dataclasses import dataclass

from vae_tui.terminal.tiles import fitting, widths
from vae_tui.tui.widgets.film_strip import MARGIN
from vae_tui.tui.widgets.latent_bars import LEAST_CELLS

LARGE_SCALES = (3, 2, 1, 0.86, 0.71, 0.57, 0.5)
STRIP_SCALES = (1, 0.86, 0.71, 0.57, 0.5, 0.43)
SMALLEST_FOR_BARS = 4
"""Number of those scales at which pictures are not too small to make room for bars."""
NEIGHBOUR_CELLS = 14
"""Width of the nearest test image."""
NEIGHBOUR_ROWS = 8
"""Rows of a row of them, with title and numbers."""
LEAST_FRAMES = 5
"""Pictures side by side in a strip, where the smallest ones of more than half size allow it."""
NUMBERS = 1
"""Rows below the pictures of a film strip."""
LEAST_ROWS_FOR_TWO = 50
"""Rows of a view that has two film strips."""


@dataclass(frozen=True, slots=True)
class WalkLayout:
    """How a view is divided."""

    large: int
    """Cells across the image."""
    small: int
    """Cells across the pictures of the film strips."""
    strips: int
    top: int
    """Rows of the panels above the film strips, with their frames."""
    has_neighbour: bool
    """Whether there is room for the nearest test image below the image."""
    has_neighbour_row: bool
    """Whether there is room for several of them below the bars."""


def layout(
    width: int, height: int, image_width: int, latent_dim: int, *, framed: bool
) -> WalkLayout:
    """Return the largest image that leaves room for bars and film strips in a view.

    The pictures of the strips are as large as leaves a row for each bar and the scale, if that is
    possible, else as large as fit.
    """
    columns, rows = (8, 2) if framed else (0, 0)  # of the frames of both panels at the top
    strips = 2 if height >= LEAST_ROWS_FOR_TWO else 1
    strip_rows = NUMBERS + (2 if framed else 1)
    small = widths(image_width, *STRIP_SCALES)
    for large in widths(image_width, *LARGE_SCALES):
        left = height - rows - large // 2 - strips * strip_rows
        if left >= strips * (small[-1] // 2) and large <= width - columns - LEAST_CELLS - 2:
            break
    sizes = [size for size in small if strips * (size // 2) <= left] or [small[-1]]
    room = width - columns // 2 - 2 * MARGIN
    several = (size for size in small[:SMALLEST_FOR_BARS] if fitting(room, size) >= LEAST_FRAMES)
    sizes = [size for size in several if size in sizes] or sizes
    bars = latent_dim + 1 - large // 2  # rows that they need beside the image's
    roomy = (size for size in sizes if left - strips * (size // 2) >= bars)
    size = next((size for size in roomy if size in small[:SMALLEST_FOR_BARS]), sizes[0])
    top = height - strips * (size // 2 + strip_rows)
    has_neighbour = top - rows - large // 2 > NEIGHBOUR_CELLS // 2 and framed
    has_row = framed and top - rows - latent_dim - 1 >= NEIGHBOUR_ROWS
    return WalkLayout(large, size, strips, top, has_neighbour, has_row)
