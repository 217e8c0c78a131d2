"""Cells to escape codes, keeping the colours between them: only what differs is said."""

from collections.abc import Sequence

from vae_tui.tui.link.ansi_cells import (
    DEFAULT,
    LOWER_HALF,
    PLAIN,
    UPPER_HALF,
    Cell,
    Style,
    is_pair,
)


class Pen(dict[Cell, "tuple[str, Pen]"]):
    """What a terminal draws with now; ``pen[cell]`` is what to write, and the pen after it.

    Pens and their steps are made once: a picture is a walk along known steps.
    """

    def __init__(self, style: Style, pens: "dict[Style, Pen]") -> None:
        super().__init__()
        self.style = style
        self._pens = pens

    def __missing__(self, cell: Cell) -> "tuple[str, Pen]":
        """Work out how to draw ``cell``."""
        text, style = cheapest(self.style, cell)
        found = self[cell] = text, pen_of(style, self._pens)
        return found


def pen_of(style: Style, pens: dict[Style, Pen]) -> Pen:
    """Return the pen of a style; there is one of each among ``pens``."""
    if style not in pens:
        pens[style] = Pen(style, pens)
    return pens[style]


def cheapest(pen: Style, cell: Cell) -> tuple[str, Style]:
    """Return the shortest way to draw a cell with a pen, and the pen after it."""
    ways = [(change(pen, style) + text, style) for text, style in looks(pen, cell)]
    return min(ways, key=lambda way: len(way[0].encode()))


def looks(pen: Style, cell: Cell) -> Sequence[tuple[str, Style]]:
    """Return the characters and styles that make a cell look as it should, given the pen."""
    foreground, background, attributes, link = cell.style
    if cell.text == " " and not attributes:
        return [(" ", (pen[0], background, "", link))]
    if is_pair(cell.text, cell.style):
        return [(LOWER_HALF, cell.style), (UPPER_HALF, (background, foreground, "", link))]
    return [(cell.text, cell.style)]


def change(before: Style, after: Style) -> str:
    """Return what turns one style into another."""
    if before == after:
        return ""
    link = f"\x1b]8;{after[3] or ';'}\x1b\\" if before[3] != after[3] else ""
    codes = []
    if before[2] != after[2] or (after[:2] == PLAIN[:2] and before[:2] != PLAIN[:2]):
        # Attributes are taken back only all at once, and both colours so in the fewest bytes.
        codes.append("0;" + after[2] if after[2] else "0")
        before = PLAIN
    if before[0] != after[0]:
        codes.append(_colour(after[0], 30))
    if before[1] != after[1]:
        codes.append(_colour(after[1], 40))
    return link + (f"\x1b[{';'.join(codes)}m" if codes else "")


def _colour(colour: str, first: int) -> str:
    if colour == DEFAULT:
        return str(first + 9)
    if ";" in colour:
        return f"{first + 8};{colour}"
    number = int(colour)
    return str(first + number if number < 8 else first + 52 + number)
