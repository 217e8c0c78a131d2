"""What a terminal shows and what it should show; tells the difference in as few bytes as it can.

Textual resends every cell of a widget that it repaints. Here it only says what should stand where;
what is sent is what differs. What has not been sent yet and is overtaken is never sent.
"""

from vae_tui.tui.link.ansi_cells import PLAIN, Cell, CellReader, Style
from vae_tui.tui.link.pen import Pen, change, pen_of

FEW_CELLS = 32
"""Rows with no more changed cells go first: captions, cursors and keys before pictures."""
GAP = 3
"""So many unchanged cells are drawn again rather than jumped over: a jump takes five bytes."""

_Row = list[Cell | None]


class ScreenDiff:
    """The cells of one terminal; those never told are left alone."""

    def __init__(self) -> None:
        self._reader = CellReader()
        self._pens: dict[Style, Pen] = {}
        self._wanted: dict[int, _Row] = {}
        self._shown: dict[int, _Row] = {}
        self._touched: set[int] = set()
        self._next_row = 0

    @property
    def is_settled(self) -> bool:
        """Nothing is left to send, as far as known: a row may have been told as it was."""
        return not self._touched

    def tell(self, update: str) -> bool:
        """Take in what Textual would write; return False when it is more than cells."""
        stretches = self._reader.rows(update)
        if stretches is None:
            return False
        for y, x, cells in stretches:
            if not cells:
                continue
            row = self._wanted.setdefault(y, [])
            if len(row) < x:
                row += [None] * (x - len(row))
            row[x : x + len(cells)] = cells
            self._touched.add(y)
        return True

    def forget(self) -> None:
        """Know nothing any more: another program wrote, or the size is another."""
        self._wanted.clear()
        self._shown.clear()
        self._touched.clear()

    def changes(self, most: int | None = None) -> str:
        """Return what to write next, whole rows of it, and take it as shown.

        Args:
            most: Bytes after which no further row begins; None for all. Where a picture does not
                fit, its rows come one call after the other, and begin anew at the top.
        """
        written: list[str] = []
        count, pen = 0, pen_of(PLAIN, self._pens)
        for y, places in self._differing():
            if most is not None and count >= most:
                break
            text, pen = self._drawn(y, places, pen)
            written.append(text)
            count += len(text.encode())
            self._shown[y] = self._wanted[y].copy()
            self._touched.discard(y)
            if len(places) > FEW_CELLS:
                self._next_row = y + 1
        if pen.style != PLAIN:
            written.append(change(pen.style, PLAIN))
        return "".join(written)

    def _differing(self) -> list[tuple[int, list[int]]]:
        """Return rows and the places in them that differ, in the order in which they go out."""
        found = []
        for y in sorted(self._touched):
            wanted, shown = self._wanted[y], self._shown.get(y, [])
            if wanted == shown:
                self._touched.discard(y)
                continue
            shown = shown + [None] * (len(wanted) - len(shown))
            pairs = enumerate(zip(wanted, shown, strict=True))
            places = [x for x, (new, old) in pairs if new is not old]
            found.append((y, places))
        found.sort(key=lambda row: (len(row[1]) > FEW_CELLS, row[0] < self._next_row, row[0]))
        return found

    def _drawn(self, y: int, places: list[int], pen: Pen) -> tuple[str, Pen]:
        """Return what draws these places of a row, from its begin or by jumps, and the pen then."""
        row = self._wanted[y]
        written: list[str] = []
        for number, (start, end) in enumerate(_spans(row, places)):
            written.append(f"\x1b[{start + 1}G" if number else f"\x1b[{y + 1};{start + 1}H")
            for cell in row[start:end]:
                assert cell is not None
                text, pen = pen[cell]
                written.append(text)
        return "".join(written), pen


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
    while start and _is_half(row[start]):
        start -= 1
    while end < len(row) and _is_half(row[end]):
        end += 1
    return start, end


def _is_half(cell: Cell | None) -> bool:
    return cell is not None and not cell.text
