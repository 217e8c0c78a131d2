"""Beside the map: the digit at the cursor, the nearest test image, the classes."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.markup import escape
from textual.containers import Container, Vertical
from textual.reactive import var

from vae_tui.arrays import Bytes
from vae_tui.terminal.half_blocks import Palette
from vae_tui.terminal.tiles import GAP, widths
from vae_tui.text import cut
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.map.class_grid import ClassGrid
from vae_tui.tui.widgets.panel import FRAMED, Panel, frame_of
from vae_tui.tui.widgets.pictures import GRID_SIZES, Pictures

TALL_SHARE = 0.4
"""Largest share of the view's width, with the two digits above each other beside the classes."""
LEAST_CLASS = 10
"""Least width of a picture of a class there."""
SHARE = 0.32
"""Share of the view's width, with the two digits side by side above the classes."""
NARROW_SHARE = 0.25
"""Share of the view's width, with one digit above the other."""
NAME_CELLS = 19
"""Width of a column with a digit above the other, at least, for the marks of ten classes."""
SCALES = (1, 0.86, 0.79, 0.71, 0.64, 0.57, 0.5, 0.43)
LABELS = 4
"""Rows that the digits leave at least: a gap, their captions, the marks of the classes."""


@dataclass(frozen=True, slots=True, eq=False)
class AtCursor:
    """The digits at the cursor."""

    decoded: Bytes
    """uint8 (1, H, W)."""
    nearest: Bytes
    """The nearest test image, uint8 (1, H, W)."""
    place: str
    index: int
    """That of the nearest test image, in the probe."""
    name: str
    """Its class."""
    palette: Palette = Palette.COLOURS_256


class MapSide(Panel):
    """Shows ``digits``; its grid of classes is set by the view."""

    SCOPED_CSS = False  # as Panel
    DEFAULT_CSS = """
    MapSide { height: 1fr; margin: 0 1; }
    .framed MapSide { margin: 0; }
    MapSide #inside { height: 1fr; layout: vertical; }
    MapSide.tall #inside { layout: horizontal; }
    MapSide #pair { layout: vertical; height: auto; }
    MapSide #nearest { margin-top: 1; }
    .framed MapSide #nearest { margin-top: 0; }
    .framed MapSide #pair { layout: horizontal; }
    .framed MapSide.tall #pair { layout: vertical; width: auto; margin-right: 1; }
    MapSide #pair Vertical { height: auto; width: 1fr; }
    .framed MapSide #pair Vertical { width: auto; margin-right: 1; }
    MapSide #here-name { display: none; }
    .framed MapSide #here-name { display: block; }
    MapSide ClassGrid { height: 1fr; }
    .framed MapSide ClassGrid { margin-top: 1; }
    .framed MapSide.tall ClassGrid { margin-top: 0; width: 1fr; }
    """

    digits: var[AtCursor | None] = var(None)
    _name_cells = NAME_CELLS

    def __init__(self) -> None:
        here, nearest = Pictures(id="here"), Pictures(id="nearest")
        pair = Container(
            Vertical(here, Caption(id="here-name")),
            Vertical(nearest, Caption(id="nearest-name")),
            id="pair",
        )
        super().__init__("place", Container(pair, ClassGrid(), id="inside"), id="side")

    def fit(self, width: int, height: int, image_width: int) -> None:
        """Choose the sizes for a view of ``width`` x ``height`` cells."""
        columns, rows = frame_of(self)
        is_framed = self.screen.has_class(FRAMED)
        sizes = widths(image_width, *SCALES)
        tall = _tall(int(width * TALL_SHARE) - columns, height - rows, sizes) if is_framed else None
        self.set_class(tall is not None, "tall")
        if tall is not None:
            size, inside = tall
        else:
            room = int(width * (SHARE if is_framed else NARROW_SHARE)) - columns
            high = (height - rows - LABELS) // 2
            room = (room - 1) // 2 if is_framed else room
            size = next((one for one in sizes if one <= room and one // 2 <= high), sizes[-1])
            inside = 2 * size + 2 if is_framed else max(size, NAME_CELLS)
        for pictures in self.query(Pictures):
            pictures.pixels = size
            pictures.styles.width, pictures.styles.height = size, size // 2
        is_pair = is_framed and tall is None
        self._name_cells = size if is_pair else max(size, NAME_CELLS)
        for name in ("#here-name", "#nearest-name"):
            self.query_one(name).styles.width = self._name_cells
        self.styles.width = columns + inside

    def watch_digits(self, digits: AtCursor | None) -> None:
        """Show the digits."""
        if digits is None:
            return
        for name, images in (("here", digits.decoded), ("nearest", digits.nearest)):
            pictures = self.query_one(f"#{name}", Pictures)
            pictures.palette, pictures.images = digits.palette, images
        place = digits.place.removeprefix("at ")
        self.query_one("#place", Caption).text = f"[b]Cursor[/b] {place}"
        self.query_one("#here-name", Caption).text = "decoded"
        forms = f"nearest: {digits.name} (#{digits.index})", f"{digits.name} (#{digits.index})"
        fitting = (form for form in forms if len(form) <= self._name_cells)
        name = next(fitting, cut(digits.name, self._name_cells))
        self.query_one("#nearest-name", Caption).text = escape(name)


def _tall(width: int, height: int, sizes: Sequence[int]) -> tuple[int, int] | None:
    """Return the cells of a digit and of the content where the classes stand beside the digits.

    They are in two columns of five; None where there is no room for them.
    """
    for pixels in (one for one in GRID_SIZES if one >= LEAST_CLASS):
        if 5 * (pixels // 2 + 1) > height:
            continue
        classes = 2 * (pixels + GAP)
        for size in sizes:
            inside = max(size, NAME_CELLS) + 2 + classes
            if inside <= width and 2 * (size // 2 + 1) <= height:
                return size, inside
    return None
