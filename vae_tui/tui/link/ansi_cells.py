"""The cells of a terminal, parsed from the escape codes that Textual writes.

Textual writes an update as cursor positions followed by runs of text in one style each. Cells that
look the same become the same `Cell` object, so that they compare by identity.
"""

import re
from dataclasses import dataclass

from rich.cells import cell_len

from vae_tui.terminal.nearest_entry import nearest_entry

LOWER_HALF, UPPER_HALF = "▄", "▀"
DEFAULT = ""
"""A terminal's own foreground or background."""

Style = tuple[str, str, str, str]
"""Foreground, background, attributes and link. A colour is the parameters after 38 or 48 in SGR
(``5;240``, ``2;8;8;8``), or the number of one of the 16; attributes are SGR parameters."""

PLAIN: Style = (DEFAULT, DEFAULT, "", "")


@dataclass(slots=True, eq=False)
class Cell:
    """The content of one cell; equal contents share one object.

    A blank has no foreground, and a half-block in two colours is stored as the lower one. The
    second half of a wide character has no ``text``.
    """

    text: str
    style: Style


_POSITION = re.compile(r"\x1b\[(\d+);(\d+)H")
_RUN = re.compile(
    r"((?:\x1b\[[\d;]*m|\x1b\]8;[^\x07\x1b]*\x1b\\)*+)([^\x00-\x1f\x7f-\x9f]*+)"
)  # styles, then text in the last of them
_CODE = re.compile(r"\x1b\[([\d;]*)m|\x1b\]8;([^\x07\x1b]*)\x1b\\")
_INVISIBLE_ON_BLANKS = {"1", "2", "3"}
"""Bold, dim, italic."""
_MOST_RUNS = 30_000
"""When the cache of parsed runs holds this many, it is cleared."""


class CellReader:
    """Parses updates, with a cache: most of what is drawn was drawn before."""

    def __init__(self, *, has_truecolor: bool = True) -> None:
        """On a terminal without truecolor, cells get the nearest colours of its palette."""
        self._shorten = _shortened if has_truecolor else _in_palette
        self._runs: dict[tuple[str, Style, str], tuple[Style, list[Cell]]] = {}
        self._cells: dict[tuple[str, Style], Cell] = {}

    def rows(self, update: str) -> list[tuple[int, int, list[Cell]]] | None:
        """Return ``(row, column, cells)`` of each stretch; None if the text is no such update."""
        before, *parts = _POSITION.split(update)
        if before or not parts:
            return None
        found = []
        for row, column, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            cells = self._stretch(text.removesuffix("\n"))
            if cells is None:
                return None
            found.append((int(row) - 1, int(column) - 1, cells))
        return found

    def _stretch(self, text: str) -> list[Cell] | None:
        """Return the cells of runs that begin in the plain style; None if there is more."""
        cells: list[Cell] = []
        style, runs, read = PLAIN, self._runs, 0
        for codes, letters in _RUN.findall(text):
            read += len(codes) + len(letters)
            known = runs.get((codes, style, letters))
            if known is None:
                known = self._parsed(codes, style, letters)
            style, more = known
            cells += more
        return cells if read == len(text) else None

    def _parsed(self, codes: str, style: Style, letters: str) -> tuple[Style, list[Cell]]:
        key = (codes, style, letters)
        for parameters, link in _CODE.findall(codes):
            if link:  # OSC 8: its parameters and address; no address where it ends
                style = (*style[:3], "" if link.endswith(";") else link)
            else:
                style = self._styled(style, parameters)
        if len(self._runs) >= _MOST_RUNS:
            self._runs.clear()
        cells: list[Cell] = []
        for character in letters:
            width = cell_len(character)
            if width == 0 and cells:  # combines with the character before
                cells[-1] = self._cell(cells[-1].text + character, style)
                continue
            cells.append(self._cell(character, style))
            cells += [self._cell("", style)] * (width - 1)
        self._runs[key] = style, cells
        return style, cells

    def _cell(self, text: str, style: Style) -> Cell:
        key = _canonical(text, style)
        return self._cells.setdefault(key, Cell(*key))

    def _styled(self, style: Style, parameters: str) -> Style:
        """Return ``style`` after SGR with these parameters."""
        foreground, background, attributes, link = style
        rest = iter(parameters.split(";"))
        for code in rest:
            number = int(code or 0)
            if number == 0:
                foreground, background, attributes = DEFAULT, DEFAULT, ""
            elif number in (38, 48):
                kind = next(rest, "")
                values = [next(rest, "") for _ in range(3 if kind == "2" else 1)]
                colour = self._shorten(";".join([kind, *values]))
                if number == 38:
                    foreground = colour
                else:
                    background = colour
            elif 30 <= number <= 39 or 90 <= number <= 97:
                foreground = _basic(number)
            elif 40 <= number <= 49 or 100 <= number <= 107:
                background = _basic(number - 10)
            else:
                attributes = f"{attributes};{code}" if attributes else code
        return foreground, background, attributes, link


def _basic(number: int) -> str:
    """Return one of the 16 colours as its number, from the SGR code of a foreground."""
    if number == 39:
        return DEFAULT
    return str(number - 30 if number < 90 else number - 82)


def is_pair(text: str, style: Style) -> bool:
    """Return whether a cell is two pixels: swapping its colours and its half-block changes nothing.

    Not with a terminal's default colours, nor with those that an attribute changes.
    """
    foreground, background, attributes, _ = style
    return text in (LOWER_HALF, UPPER_HALF) and not attributes and DEFAULT not in (
        foreground, background
    )  # fmt: skip


def _canonical(text: str, style: Style) -> tuple[str, Style]:
    """Return the representative of all texts and styles that look the same."""
    foreground, background, attributes, link = style
    if text == " " and _INVISIBLE_ON_BLANKS.issuperset(filter(None, attributes.split(";"))):
        return " ", (DEFAULT, background, "", link)
    if text == UPPER_HALF and is_pair(text, style):
        return LOWER_HALF, (background, foreground, "", link)
    return text, style


def _shortened(colour: str) -> str:
    """Return a truecolor grey as the entry of the 256-colour palette that looks the same.

    Truecolor greys take twice the bytes. A grey up to two levels lighter than an entry counts as
    the entry: `terminal.half_blocks` gives Rich such greys.
    """
    kind, *levels = colour.split(";")
    if kind == "2" and len(set(levels)) == 1 and levels[0].isdecimal():
        entry, beyond = divmod(int(levels[0]) - 8, 10)
        if 0 <= entry < 24 and beyond <= 2:
            return f"5;{232 + entry}"
    return colour


def _in_palette(colour: str) -> str:
    """Return the entry of the 256-colour palette that is nearest to a truecolor."""
    kind, *levels = colour.split(";")
    if kind == "2" and all(level.isdecimal() for level in levels):
        red, green, blue = map(int, levels)
        return f"5;{nearest_entry(red, green, blue)}"
    return colour
