"""Beside the map: the digit at the cursor, the nearest test digit, the classes."""

from dataclasses import dataclass

from textual.containers import Container, Vertical
from textual.reactive import var

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import Palette
from vae_tui.terminal.tiles import widths
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.map.class_grid import ClassGrid
from vae_tui.tui.widgets.panel import FRAMED, Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures

SHARE = 0.32
"""Share of the view's width, with two digits side by side."""
NARROW_SHARE = 0.25
"""Share of the view's width, with one digit above the other."""
SCALES = (1, 0.86, 0.79, 0.71, 0.64, 0.57, 0.5, 0.43)
LABELS = 3
"""Rows that the digits leave at least: their captions and the marks of the classes."""


@dataclass(frozen=True, slots=True, eq=False)
class AtCursor:
    """The digits at the cursor."""

    decoded: Bytes
    """uint8 (1, H, W)."""
    nearest: Bytes
    """The nearest test image, uint8 (1, H, W)."""
    place: str
    decoded_name: str
    nearest_name: str
    palette: Palette = Palette.GREYS


class MapSide(Panel):
    """Shows ``digits``; its grid of classes is set by the view."""

    SCOPED_CSS = False  # as Panel
    DEFAULT_CSS = """
    MapSide { height: 1fr; margin-left: 1; }
    .framed MapSide { margin-left: 0; }
    MapSide #pair { layout: vertical; height: auto; }
    .framed MapSide #pair { layout: horizontal; }
    MapSide #pair Vertical { height: auto; width: 1fr; }
    .framed MapSide #pair Vertical { width: auto; margin-right: 1; }
    MapSide #here-name { display: none; }
    .framed MapSide #here-name { display: block; }
    MapSide ClassGrid { height: 1fr; }
    .framed MapSide ClassGrid { margin-top: 1; }
    """

    digits: var[AtCursor | None] = var(None)

    def __init__(self) -> None:
        here, nearest = Pictures(id="here"), Pictures(id="nearest")
        pair = Container(
            Vertical(here, Caption(id="here-name")),
            Vertical(nearest, Caption(id="nearest-name")),
            id="pair",
        )
        super().__init__("place", pair, ClassGrid(), id="side")

    def fit(self, width: int, height: int, image_width: int) -> None:
        """Choose the sizes for a view of ``width`` x ``height`` cells."""
        columns, rows = frame_of(self)
        is_pair = self.screen.has_class(FRAMED)
        room = int(width * (SHARE if is_pair else NARROW_SHARE)) - columns
        high = height - rows - LABELS
        if is_pair:
            room, high = (room - 1) // 2, high // 2  # the rest is for the classes
        else:
            high //= 2
        sizes = widths(image_width, *SCALES)
        size = next((one for one in sizes if one <= room and one // 2 <= high), sizes[-1])
        for pictures in self.query(Pictures):
            pictures.pixels = size
            pictures.styles.width, pictures.styles.height = size, size // 2
            assert pictures.parent is not None
        for name in ("#here-name", "#nearest-name"):
            self.query_one(name).styles.width = size
        self.styles.width = columns + (2 * size + 2 if is_pair else size)

    def watch_digits(self, digits: AtCursor | None) -> None:
        """Show the digits."""
        if digits is None:
            return
        for name, images in (("here", digits.decoded), ("nearest", digits.nearest)):
            pictures = self.query_one(f"#{name}", Pictures)
            pictures.palette, pictures.images = digits.palette, images
        is_framed = self.screen.has_class(FRAMED)
        place = digits.place if is_framed else digits.place.removeprefix("at ")
        self.query_one("#place", Caption).text = place
        self.query_one("#here-name", Caption).text = digits.decoded_name
        self.query_one("#nearest-name", Caption).text = digits.nearest_name
