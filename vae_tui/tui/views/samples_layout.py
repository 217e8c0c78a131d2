"""Sizes of the grid of samples and of the card beside it."""

from dataclasses import dataclass

from vae_tui.terminal.tiles import GAP, widths
from vae_tui.tui.widgets.latent_bars import LEAST_CELLS
from vae_tui.tui.widgets.neighbour import LINES, TEXT_CELLS

ENOUGH = 12
"""At least this many images are shown, where the smallest size allows it."""
NEARLY = 0.9
"""Larger pictures are preferred that fill this share of what the best size fills."""
FITTING = (1, 0.86, 0.71, 0.57, 0.5, 0.43)
SIZES = {"fitting": FITTING, "full": (1,), "half": (0.5,)}
"""Scales to choose from, by the name of a size."""
WIDEST_GAP, HIGHEST_GAP = 4, 2
LEAST_WIDTH_FOR_CARD = 120
CARD_SCALES = (2, 1, 0.86, 0.71, 0.5)
CARD_SHARE = 0.355
"""Largest share of the view's width that the card takes."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of pictures and the gutters around each of them, in cells."""

    pixels: int
    columns: int
    rows: int
    gap: int
    row_gap: int
    margins: tuple[int, int]

    @property
    def count(self) -> int:
        """Pictures in the grid."""
        return self.columns * self.rows

    @property
    def area(self) -> int:
        """Pixels of all pictures."""
        return self.pixels**2 * self.count


def grid(width: int, height: int, image_width: int, size: str = "fitting") -> Grid:
    """Return the grid of the largest pictures that fill a room nearly as well as any others do.

    At least one cell is left beside each picture, and between two rows.
    """
    grids = [_grid(width, height, pixels) for pixels in widths(image_width, *SIZES[size])]
    enough = [one for one in grids if one.count >= ENOUGH] or grids[-1:]
    best = max(one.area for one in enough)
    return next(one for one in enough if one.area >= NEARLY * best)


def _grid(width: int, height: int, pixels: int) -> Grid:
    rows_of_one = pixels // 2
    columns = max((width - GAP) // (pixels + GAP), 1)
    rows = max((height + 1) // (rows_of_one + 1), 1)
    spare, spare_rows = width - columns * pixels, height - rows * rows_of_one
    gap = min(max(spare // (columns + 1), GAP), WIDEST_GAP)
    row_gap = min(max(spare_rows // (rows + 1), 1), HIGHEST_GAP)
    left = (spare - (columns - 1) * gap) // 2
    top = (spare_rows - (rows - 1) * row_gap) // 2 if spare_rows > rows else 0
    return Grid(pixels, columns, rows, gap, row_gap, (max(left, 0), max(top, 0)))


@dataclass(frozen=True, slots=True)
class Card:
    """Sizes of the card, in cells across."""

    large: int
    """The chosen image."""
    small: int
    """The nearest test image, to its right."""

    @property
    def width(self) -> int:
        """The content of the card."""
        return self.large + 2 + max(self.small, TEXT_CELLS)


def card(width: int, height: int, image_width: int, latent_dim: int) -> Card | None:
    """Return the card beside a grid, in a room of this size; None where it is narrow.

    It is the largest of those that have room for the most bars.
    """
    if width < LEAST_WIDTH_FOR_CARD:
        return None
    (small,) = widths(image_width, 0.5)
    cards = [Card(large, small) for large in widths(image_width, *CARD_SCALES)]
    narrow = [one for one in cards if one.width <= CARD_SHARE * width] or cards[-1:]

    def bars(one: Card) -> int:
        rows = height - max(one.large // 2, small // 2 + LINES)
        return min(one.width // LEAST_CELLS * rows, latent_dim)

    return max(narrow, key=bars)  # the first of several is the largest
