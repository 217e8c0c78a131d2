"""A grid of characters and styles to draw a chart on, and the characters of a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.text import Span, Text

from vae_tui.tui.charts.thick_line import PEN

_BRAILLE = 0x2800
_DOT_ROWS = (0x09, 0x12, 0x24, 0xC0)
"""The two dots of each of a braille cell's four dot rows, top first."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters a chart is made of; see `UNICODE` and `ASCII`."""

    line: str
    thick_line: str
    """The sign of a trend."""
    pen: int
    """Dots of a trend, across and down."""
    dot: str
    """A point of a line without neighbours."""
    points: tuple[str, str, str]
    """A point in the upper part of a cell, the middle, and the lower part."""
    mark: str
    cursor: str
    cursor_foot: str
    """On the x axis, before the position of the cursor."""
    not_finite: str
    above: str
    below: str
    tick: str
    axis: str
    corner: str
    rule: str
    level: tuple[str, str, str, str]
    """A horizontal line at each quarter of a cell's height, top first."""
    cells: str
    """The character for each of the 256 braille patterns."""


def _ascii_cell(pattern: int) -> str:
    rows = [row for row, dots in enumerate(_DOT_ROWS) if pattern & dots]
    if not rows:
        return " "
    if rows[-1] - rows[0] >= 2:
        return "|"
    return "'-_"[0 if rows[0] == 0 else 1 if rows[-1] < 3 else 2]


UNICODE = Glyphs(
    "──", "━━", PEN, "•", ("⠛", "⠶", "⣤"), "┊", "│", "▲", "×", "↑", "↓", "┤", "│", "└", "─",
    ("⠁", "⠂", "⠄", "⡀"),
    "".join(chr(_BRAILLE + pattern) for pattern in range(256)),
)  # fmt: skip
ASCII = Glyphs(
    "--", "--", 1, "o", ("o",) * 3, ":", "|", "^", "x", "^", "v", "|", "|", "+", "-", (".",) * 4,
    "".join(_ascii_cell(pattern) for pattern in range(256)),
)  # fmt: skip


class Canvas:
    """A grid of characters and styles. Columns are counted from ``left``, where the plot starts."""

    def __init__(self, width: int, height: int, left: int, glyphs: Glyphs) -> None:
        self._left = left
        self.glyphs = glyphs
        self._characters = [[" "] * width for _ in range(height)]
        self._styles = [[""] * width for _ in range(height)]
        self._reserved = [[False] * width for _ in range(height)]
        self._shared = [[False] * width for _ in range(height)]
        self._shades: list[list[Span]] = [[] for _ in range(height)]

    def write(
        self, row: int, column: int, text: str, style: str, *, reserved: bool = False
    ) -> None:
        """Write ``text`` from a plot cell on; `place` avoids cells that are ``reserved``."""
        start = column + self._left
        for place, character in enumerate(text, start):
            self._characters[row][place] = character
            self._styles[row][place] = style
            if reserved:
                self._reserved[row][place] = True

    def draw(self, row: int, line: str, style: str, *, is_shared: bool) -> None:
        """Draw a row of a line: blanks, braille patterns, and points without neighbours.

        Where a line that ``is_shared`` has been drawn before, it and this one are seen in turn.
        """
        characters, styles = self._characters[row], self._styles[row]
        reserved, shared, cells = self._reserved[row], self._shared[row], self.glyphs.cells
        for place, character in enumerate(line, self._left):
            if character != " " and not (shared[place] and place & 2):
                pattern = ord(character) - _BRAILLE
                is_braille = 0 <= pattern < len(cells)
                characters[place] = cells[pattern] if is_braille else self.glyphs.dot
                styles[place], reserved[place], shared[place] = style, True, is_shared

    def place(self, text: str, style: str, positions: Sequence[tuple[int, int]]) -> None:
        """Write ``text`` at the first (row, column) that covers the fewest reserved cells."""
        least, best = len(text) + 1, positions[0]
        for row, column in positions:
            start = column + self._left
            hidden = sum(self._reserved[row][start : start + len(text)])
            if hidden < least:
                least, best = hidden, (row, column)
            if not hidden:
                break
        self.write(*best, text, style, reserved=True)

    def colour_ground(self, row: int, start: int, end: int, style: str) -> None:
        """Give the cells of a row from column ``start`` to before ``end`` another ground."""
        self._shades[row].append(Span(start + self._left, end + self._left, style))

    def shade(self, column: int, rows: int, line: str, style: str) -> None:
        """Draw a vertical line behind the contents of a column."""
        place = column + self._left
        for row in range(rows):
            if self._characters[row][place] == " ":
                self._characters[row][place] = line
            self._shades[row].append(Span(place, place + 1, style))

    def rows(self) -> tuple[Text, ...]:
        """Return each row as text, with one span per run of equal style."""
        return tuple(map(_styled_row, self._characters, self._styles, self._shades))


def _styled_row(characters: list[str], styles: list[str], shades: list[Span]) -> Text:
    spans, start = [], 0
    for style, run in groupby(styles):
        end = start + len(list(run))
        if style:
            spans.append(Span(start, end, style))
        start = end
    return Text("".join(characters), spans=[*spans, *shades])


def narrow_text(text: str, glyphs: Glyphs) -> str:
    """Return ``text`` in characters of one cell, in ASCII if the glyphs are."""
    if text.isascii() and text.isprintable():
        return text
    narrow = "".join(c if cell_len(c) == 1 and c.isprintable() else "?" for c in text)
    return narrow.encode("ascii", "replace").decode() if glyphs is ASCII else narrow
