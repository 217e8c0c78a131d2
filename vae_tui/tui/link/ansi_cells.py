"""The cells of a terminal, parsed from the escape codes that Textual writes.

Textual writes an update as cursor positions followed by runs of text in one style each. Cells that
look the same become the same `Cell` object, so that they compare by identity.
"""

import re
from dataclasses import dataclass
from weakref import WeakValueDictionary

from rich.cells import cell_len

from vae_tui.terminal.nearest_entry import nearest_entry

Style = tuple[str, str, str]
"""Foreground, background and attributes as SGR parameters, such as ``38;5;240``, ``49`` (the
terminal's own background) and ``1;4``."""

PLAIN: Style = ("39", "49", "")


@dataclass(slots=True, eq=False, weakref_slot=True)
class Cell:
    """The content of one cell; equal contents share one object.

    A blank has no foreground. The second half of a wide character has no ``text``.
    """

    text: str
    style: Style


_POSITION = re.compile(r"\x1b\[(\d+);(\d+)H")
_RUN = re.compile(r"((?:\x1b\[\d[\d;]*m)*+)([^\x00-\x1f\x7f-\x9f]*+)")
"""Styles, then text in the last of them."""
_RESET = "\x1b[0m"
_PARAMETER = re.compile(r"[34]8;(?:5;\d+|2;\d+;\d+;\d+)|\d+")
_INVISIBLE_ON_BLANKS = {"", "1", "2", "3"}
"""No attribute, bold, dim, italic."""
_MOST_RUNS = 30_000
"""When the cache of parsed runs holds this many, it is cleared: RGB pictures never repeat."""


class CellReader:
    """Parses updates, with a cache of runs: most of what is drawn was drawn before.

    120x40 cells that were drawn before take 1 ms of text and 9 ms of pictures; without the cache 11
    and 37 ms.
    """

    def __init__(self, *, has_truecolor: bool = True) -> None:
        """On a terminal without truecolor, cells get the nearest colours of its palette."""
        self._shorten = _shorter if has_truecolor else _nearest
        self._runs: dict[tuple[str, Style, str], tuple[Style, list[Cell]]] = {}
        self._cells: WeakValueDictionary[tuple[str, Style, int], Cell] = WeakValueDictionary()
        self._colours: dict[str, str] = {}
        """The parameters to send for those of a colour."""

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
        style, length = PLAIN, 0
        for codes, letters in _RUN.findall(text):
            length += len(codes) + len(letters)
            if codes.startswith(_RESET):
                style = PLAIN  # whatever it was: fewer keys, so that pictures repeat too
            key = codes, style, letters
            if key not in self._runs:
                if len(self._runs) >= _MOST_RUNS:
                    self._runs.clear()
                    self._colours.clear()
                style = self._after(codes, style)
                self._runs[key] = style, self._in_style(letters, style)
            style, more = self._runs[key]
            cells += more
        return cells if length == len(text) else None

    def _in_style(self, letters: str, style: Style) -> list[Cell]:
        cells: list[Cell] = []
        for character in letters:
            width = cell_len(character)
            if width == 0 and cells:  # combines with the character before
                cells[-1] = self._cell(cells[-1].text + character, style)
            cells += [self._cell(character, style, half) for half in range(width)]
        return cells

    def _cell(self, text: str, style: Style, half: int = 0) -> Cell:
        """Return the cell of a character; each wide one has a second half different from others."""
        if text == " " and _INVISIBLE_ON_BLANKS.issuperset(style[2].split(";")):
            style = PLAIN[0], style[1], ""
        return self._cells.setdefault((text, style, half), Cell("" if half else text, style))

    def _after(self, codes: str, style: Style) -> Style:
        """Return ``style`` after escape codes."""
        foreground, background, attributes = style
        for code in _PARAMETER.findall(codes):
            number = int(code.partition(";")[0])
            if number == 0:
                foreground, background, attributes = PLAIN
            elif 30 <= number <= 39 or 90 <= number <= 97:
                foreground = self._colours.get(code) or self._colour(code)
            elif 40 <= number <= 49 or 100 <= number <= 107:
                background = self._colours.get(code) or self._colour(code)
            else:
                attributes = f"{attributes};{code}" if attributes else code
        return foreground, background, attributes

    def _colour(self, code: str) -> str:
        """Return the parameters to send for those of a colour."""
        sent = code
        if code[2:5] == ";2;":
            red, green, blue = map(int, code[5:].split(";"))
            sent = code[:3] + self._shorten(red, green, blue)
        self._colours[code] = sent
        return sent


def _shorter(red: int, green: int, blue: int) -> str:
    """Return a truecolor; a grey as the entry of the 256-colour palette that looks the same.

    All greys in truecolor: 22 % more bytes over all views. A grey up to two levels lighter than an
    entry counts as the entry: `terminal.half_blocks` gives Rich such greys.
    """
    entry, beyond = divmod(red - 8, 10)
    is_entry = red == green == blue and 0 <= entry < 24 and beyond <= 2
    return f"5;{232 + entry}" if is_entry else f"2;{red};{green};{blue}"


def _nearest(red: int, green: int, blue: int) -> str:
    """Return the entry of the 256-colour palette that is nearest to a truecolor."""
    return f"5;{nearest_entry(red, green, blue)}"
