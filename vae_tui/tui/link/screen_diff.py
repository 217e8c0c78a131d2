"""What a terminal shows and what it should show; returns the difference in few bytes.

Textual resends every cell of a widget that it repaints. Here only changed cells are sent, and what
a newer update replaces before it was sent is never sent. `AnsiEncoder` keeps the colours from cell
to cell and chooses the shorter of equal drawings; 32 digits take 95 KB instead of 179.
"""

from functools import cache

from vae_tui.tui.link.ansi_cells import (
    DEFAULT,
    LOWER_HALF,
    PLAIN,
    UPPER_HALF,
    Cell,
    CellReader,
    Style,
    is_pair,
)

FEW_CELLS = 32
"""Rows with at most this many changed cells are sent first: captions before pictures."""
GAP = 3
"""This many unchanged cells are sent again: moving the cursor over them takes five bytes."""

_Row = list[Cell | None]


class ScreenDiff:
    """The cells of one terminal; cells that no update named are left alone."""

    def __init__(self, *, has_truecolor: bool = True) -> None:
        self._reader = CellReader(has_truecolor=has_truecolor)
        self._pending: dict[int, _Row] = {}
        self._shown: dict[int, _Row] = {}
        self._touched: set[int] = set()
        self._next_row = 0

    @property
    def is_settled(self) -> bool:
        """No row was updated since it was sent (an updated row may turn out unchanged)."""
        return not self._touched

    def update(self, text: str) -> bool:
        """Take what Textual would write; return False when it does more than draw cells."""
        stretches = self._reader.rows(text)
        if stretches is None:
            return False
        for y, x, cells in stretches:
            if not cells:
                continue
            row = self._pending.setdefault(y, [])
            if len(row) < x:
                row += [None] * (x - len(row))
            row[x : x + len(cells)] = cells
            self._touched.add(y)
        return True

    def invalidate(self) -> None:
        """Forget everything: another program wrote, or the size changed."""
        self._pending.clear()
        self._shown.clear()
        self._touched.clear()

    def changes(self, most_bytes: int | None = None) -> str:
        """Return what to write next, in whole rows, and count it as shown.

        No further row begins after ``most_bytes``. The next call then continues a picture with the
        row below, and at its end with the top.
        """
        written: list[str] = []
        count, encoder = 0, encoder_of(PLAIN)
        for y, places in self._differing():
            if most_bytes is not None and count >= most_bytes:
                break
            row, begin = self._pending[y], len(written)
            for number, (start, end) in enumerate(_spans(row, places)):
                written.append(f"\x1b[{start + 1}G" if number else f"\x1b[{y + 1};{start + 1}H")
                for cell in row[start:end]:
                    assert cell is not None
                    text, encoder = encoder[cell]
                    written.append(text)
            count += len("".join(written[begin:]).encode())
            self._shown[y] = row.copy()
            self._touched.discard(y)
            if len(places) > FEW_CELLS:
                self._next_row = y + 1
        if encoder.style != PLAIN:
            written.append(style_change(encoder.style, PLAIN))
        return "".join(written)

    def _differing(self) -> list[tuple[int, list[int]]]:
        """Return rows and their changed columns, in the order in which they are sent."""
        found = []
        for y in sorted(self._touched):
            pending, shown = self._pending[y], self._shown.get(y, [])
            if pending == shown:
                self._touched.discard(y)
                continue
            shown = shown + [None] * (len(pending) - len(shown))
            pairs = enumerate(zip(pending, shown, strict=True))
            found.append((y, [x for x, (new, old) in pairs if new is not old]))
        found.sort(key=lambda row: (len(row[1]) > FEW_CELLS, row[0] < self._next_row, row[0]))
        return found


def _spans(row: _Row, places: list[int]) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the stretches to draw; wide characters are drawn whole."""
    spans: list[tuple[int, int]] = []
    start, end = places[0], places[0]
    for place in places:
        if place != end and (place - end > GAP or None in row[end:place]):
            spans.append(_whole(row, start, end))
            start = place
        end = place + 1
    spans.append(_whole(row, start, end))
    return spans


def _whole(row: _Row, start: int, end: int) -> tuple[int, int]:
    """Return a stretch widened to the other halves of its first and its last character."""
    while start and _is_second_half(row[start]):
        start -= 1
    while end < len(row) and _is_second_half(row[end]):
        end += 1
    return start, end


def _is_second_half(cell: Cell | None) -> bool:
    return cell is not None and not cell.text


class AnsiEncoder(dict[Cell, "tuple[str, AnsiEncoder]"]):
    """The state of a terminal's style; ``encoder[cell]`` is what to write, and the state after it.

    States and their transitions are computed once: drawing a picture is looking up transitions.
    """

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style = style

    def __missing__(self, cell: Cell) -> "tuple[str, AnsiEncoder]":
        """Compute and remember the transition for ``cell``."""
        text, style = _shortest(self.style, cell)
        found = self[cell] = text, encoder_of(style)
        return found


encoder_of = cache(AnsiEncoder)


def _shortest(before: Style, cell: Cell) -> tuple[str, Style]:
    """Return the shortest text that draws a cell, and the style after it."""
    foreground, background, attributes, link = cell.style
    drawings = [(cell.text, cell.style)]
    if cell.text == " " and not attributes:
        drawings = [(" ", (before[0], background, "", link))]
    elif is_pair(cell.text, cell.style):
        swapped = (background, foreground, "", link)
        drawings = [(LOWER_HALF, cell.style), (UPPER_HALF, swapped)]
    written = [(style_change(before, style) + text, style) for text, style in drawings]
    return min(written, key=lambda one: len(one[0].encode()))


def style_change(before: Style, after: Style) -> str:
    """Return the escape codes that turn one style into another."""
    if before == after:
        return ""
    link = f"\x1b]8;{after[3] or ';'}\x1b\\" if before[3] != after[3] else ""
    codes = []
    if before[2] != after[2] or (after[:2] == PLAIN[:2] and before[:2] != PLAIN[:2]):
        # Attributes can only be reset together; for both colours that is also the shortest.
        codes.append("0;" + after[2] if after[2] else "0")
        before = PLAIN
    if before[0] != after[0]:
        codes.append(_colour_code(after[0], 30))
    if before[1] != after[1]:
        codes.append(_colour_code(after[1], 40))
    return link + (f"\x1b[{';'.join(codes)}m" if codes else "")


def _colour_code(colour: str, first: int) -> str:
    if colour == DEFAULT:
        return str(first + 9)
    if ";" in colour:
        return f"{first + 8};{colour}"
    number = int(colour)
    return str(first + number if number < 8 else first + 52 + number)
