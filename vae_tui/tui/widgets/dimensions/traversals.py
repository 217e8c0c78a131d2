"""What latent dimensions do: digits decoded while one dimension goes from -3 to 3, others at 0."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rich.segment import Segment
from rich.text import Text
from textual.events import Click
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.latent.codes import traversal
from vae_tui.model.numpy_network import Network
from vae_tui.terminal.half_blocks import Row, side_by_side
from vae_tui.terminal.tiles import GAP, resized
from vae_tui.tui.charts.sparkline import sparkline
from vae_tui.tui.widgets.dimensions.kl_bars import DEAD, DimensionPressed, KlParts, StyleOf, bar
from vae_tui.tui.widgets.dimensions.kl_history import History
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import GRID_SIZES

VALUES = (-3.0, -1.5, 0.0, 1.5, 3.0)
MOST_CARDS = 20
"""More cards would be small; the cursor scrolls to the others."""
LEAST_FACTS, MOST_FACTS = 24, 64
"""Columns for the numbers, the bar and the history beside the digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Traversed:
    """The content: what is known of the dimensions, in their order."""

    parts: KlParts
    images: Bytes
    """uint8 (K, 5, H, W): of K dimensions of the order, at each of `VALUES`."""
    history: History | None = None
    first: int = 0
    """The place in the order of the first of them."""


@lru_cache(maxsize=4)
def traverse(network: Network, dimensions: tuple[int, ...]) -> Bytes:
    """Return images (K, 5, H, W): each dimension at each of `VALUES`, the others at 0.

    Cached, as they take 5 ms.
    """
    origin = np.zeros(network.latent_dim, np.float32)
    codes = [traversal(origin, one, VALUES[-1], len(VALUES)) for one in dimensions]
    images = network.decode(np.concatenate(codes))
    return images.reshape(len(dimensions), len(VALUES), *images.shape[1:])


def layout(width: int, height: int, dimensions: int) -> tuple[int, int, int]:
    """Return columns, rows and pixels of the cards that fit.

    There are as many as possible up to `MOST_CARDS`, then as large ones as possible. There are none
    where a card with the smallest digits is wider than ``width``.
    """
    found = []
    width, height = max(width, 0), max(height, 1)
    for pixels in GRID_SIZES:
        digits = len(VALUES) * (pixels + GAP)
        columns = width // (LEAST_FACTS + digits)
        rows = (height - 1) // max(pixels // 2, 4)  # one row for the heads of the columns
        found.append((min(columns * rows, dimensions, MOST_CARDS), pixels, columns, rows))
    most, pixels, columns, rows = max(found)
    return columns, min(rows, -(-most // max(columns, 1))), pixels


class Traversals(Drawing):
    """Draws ``content`` as cards: numbers, bar and history of a dimension, and its digits."""

    content: var[Traversed | None] = var(None)
    watch_content = Drawing.redraw

    def on_click(self, event: Click) -> None:
        """Report the dimension that was clicked, and the value of the digit under the mouse."""
        content, found = self.content, self._layout()
        if content is None or found is None or event.y < 1:
            return
        columns, rows, pixels, shown = found
        card_width = self.size.width // columns
        column, x = divmod(event.x, card_width)
        place = column * rows + (event.y - 1) // max(pixels // 2, 4)
        if place < shown and column < columns and event.y <= rows * max(pixels // 2, 4):
            from_left = x - (card_width - len(VALUES) * (pixels + GAP))
            value = VALUES[from_left // (pixels + GAP)] if from_left >= 0 else None
            dimension = content.parts.order[content.first + place]
            self.post_message(DimensionPressed(dimension, value, event.chain == 2))

    def _layout(self) -> tuple[int, int, int, int] | None:
        """Return columns and rows of the cards, cells of a digit, and the number of cards."""
        content, (width, height) = self.content, self.size
        if content is None or not width or not height:
            return None
        columns, rows, pixels = layout(width, height, len(content.parts.order))
        shown = min(columns * rows, len(content.images))
        return (columns, rows, pixels, shown) if shown else None

    def _draw(self) -> None:
        content, found = self.content, self._layout()
        if content is None or found is None:
            self.show_rows([])
            return
        columns, rows, pixels, shown = found
        card_width, card_height = self.size.width // columns, max(pixels // 2, 4)
        cards = [self._card(content, place, card_width, pixels) for place in range(shown)]
        head = self._head(content, card_width, pixels)
        lines = [Strip.join([head] * min(columns, -(-shown // rows)))]
        for row in range(rows):
            for y in range(card_height):
                segments = [segment for card in cards[row::rows] for segment in card[y]]
                lines.append(Strip(segments, card_width * len(cards[row::rows])))
        self.show_rows(lines)

    def _head(self, content: Traversed, width: int, pixels: int) -> Strip:
        """Return the head of a column of cards: of the history, and the values of the digits."""
        epochs = content.history.epochs.tolist() if content.history else []
        about = f" KL, epochs {epochs[0]:.0f} to {epochs[-1]:.0f}" if len(epochs) > 1 else " KL"
        values = " ".join(f"z = {value:g}".center(pixels) for value in VALUES)
        room = max(width - len(values) - GAP, 0)
        line = f"{about[:room]:{room}}{values}"
        return Strip([Segment(f"{line[:width]:{width}}", self.app.console.get_style("quiet"))])

    def _card(self, content: Traversed, place: int, width: int, pixels: int) -> list[Row]:
        ground, height = self.picture_ground, max(pixels // 2, 4)
        images = content.images[place]
        proportional = round(images.shape[1] * pixels / images.shape[2])
        # Half a cell stays free above the next card's pictures.
        images = resized(images, min(proportional, 2 * height - 1), pixels)
        digits = side_by_side(images, GAP, content.parts.palette, ground)
        cells = len(VALUES) * (pixels + GAP) - GAP
        room = width - cells - GAP
        dimension = content.parts.order[content.first + place]
        wide = min(room - GAP, MOST_FACTS)
        facts = _facts(content, dimension, wide, height, self.app.console.get_style)
        facts += [Text()] * (height - len(facts))
        digits += [[Segment(" " * cells)]] * (height - len(digits))
        rows = []
        for line, digit_row in zip(facts, digits, strict=True):
            gap = Segment(" " * (room - line.cell_len))
            rows.append([*self.strip(line), gap, *digit_row, Segment(" " * GAP)])
        return rows


def _facts(
    content: Traversed, dimension: int, width: int, height: int, style_of: StyleOf
) -> list[Text]:
    """Return the name, the numbers, the bar and the history of a dimension."""
    parts = content.parts
    mean, variance = parts.mean[dimension], parts.variance[dimension]
    is_dead = parts.is_dead(dimension)
    numbers = "dead" if is_dead else f"{mean:.2f}+{variance:.2f}"
    is_chosen = dimension == parts.chosen
    head = Text.assemble(
        (
            f"{'>' if is_chosen else ' '}z{dimension + 1}".ljust(5),
            "here" if is_chosen else DEAD if is_dead else "strong",
        ),
        (f"{mean + variance:5.2f}", DEAD if is_dead else ""),
    )
    head.append(numbers.rjust(width - head.cell_len), "quiet")
    lines = [head, Text(" ").append_text(bar(parts, dimension, width - 1, style_of))]
    history = content.history
    rows = min(height - 3, 3)
    if history is not None and len(history.epochs) > 1 and rows > 0:
        kl = history.at_columns(width - 1)[:, dimension]
        for row in sparkline(kl, width - 1, rows, parts.largest, unicode=parts.unicode):
            lines.append(Text.assemble(" ", (row, "band")))
    return lines
