"""What a terminal shows and what it should show; returns the difference in few bytes.

Textual resends every cell of a widget that it repaints. Here only changed cells are sent, and what
a newer update replaces before it was sent is never sent. Over all views that is a quarter of what
Textual writes.
"""

import sys

from vae_tui.tui.link.ansi_cells import PLAIN, Cell, CellReader, Style

FEW_CELLS = 32
"""Rows with at most this many changed cells are sent first: captions before pictures."""
GAP = 3
"""This many unchanged cells are sent again: moving the cursor over them takes five bytes."""

MOST_STYLES = 20_000
"""When the encoder knows this many, it forgets them: RGB pictures bring new ones without end."""

_Row = list[Cell | None]


class ScreenDiff:
    """The cells of one terminal; cells that no update named are left alone."""

    def __init__(self, *, has_truecolor: bool = True) -> None:
        self._reader = CellReader(has_truecolor=has_truecolor)
        self._pending: dict[int, _Row] = {}
        self._shown: dict[int, _Row] = {}
        self._touched: set[int] = set()
        self._next_row = 0
        self._width = self._height = sys.maxsize

    @property
    def is_settled(self) -> bool:
        """No row was updated since it was sent (an updated row may turn out unchanged)."""
        return not self._touched

    def update(self, text: str) -> bool:
        """Take what Textual would write; return False when it does more than draw cells."""
        stretches = self._reader.rows(text)
        if stretches is None:
            return False
        for y, x, drawn in stretches:
            cells = drawn[: max(self._width - x, 0)] if y < self._height else []
            if not cells:
                continue
            row = self._pending.setdefault(y, [])
            if len(row) < x:
                row += [None] * (x - len(row))
            row[x : x + len(cells)] = cells
            self._touched.add(y)
        return True

    def resize(self, width: int, height: int) -> None:
        """Take the terminal's new size; what it shows is unknown, and all is sent again.

        Cells outside are left out, also of updates that Textual wrote for the size before: a
        terminal draws them over its last column and row.
        """
        self._width, self._height = width, height
        self._pending = {y: row[:width] for y, row in self._pending.items() if y < height}
        self._shown.clear()
        self._touched = set(self._pending)

    def invalidate(self) -> None:
        """Forget everything: another program wrote."""
        self._pending.clear()
        self._shown.clear()
        self._touched.clear()

    def changes(self, most_bytes: int | None = None) -> str:
        """Return what to write next, in whole rows, and count it as shown.

        No further row begins after ``most_bytes``. The next call then continues a picture with the
        row below, and at its end with the top.
        """
        written: list[str] = []
        forget_encoders(MOST_STYLES)
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
    """Return ``(start, end)`` of the stretches to draw; whole rows: 8 to 14 % more bytes."""
    spans: list[tuple[int, int]] = []
    start, end = places[0], places[0]
    for place in places:
        if place != end and (place - end > GAP or None in row[end:place]):
            spans.append((start, end))
            start = place
        end = place + 1
    return [*spans, (start, end)]


class AnsiEncoder(dict[Cell, "tuple[str, AnsiEncoder]"]):
    """The state of a terminal's style; ``encoder[cell]`` is what to write, and the state after it.

    States and their transitions are computed once: 4,800 changed cells of a picture take 4 ms; with
    a cached `style_change` for each cell they take 14.
    """

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style = style

    def __missing__(self, cell: Cell) -> "tuple[str, AnsiEncoder]":
        """Compute and remember the transition for ``cell``."""
        style = cell.style
        if cell.text == " " and not style[2]:  # no foreground to change: saves 10 to 15 %
            style = self.style[0], style[1], ""
        found = self[cell] = style_change(self.style, style) + cell.text, encoder_of(style)
        return found


_encoders: dict[Style, AnsiEncoder] = {}


def encoder_of(style: Style) -> AnsiEncoder:
    """Return the state of a terminal in this style."""
    if (known := _encoders.get(style)) is None:
        known = _encoders[style] = AnsiEncoder(style)
    return known


def forget_encoders(most: int) -> None:
    """Forget all states and transitions if there are more than ``most`` states."""
    if len(_encoders) > most:
        for encoder in _encoders.values():
            encoder.clear()  # they refer to each other
        _encoders.clear()


def style_change(before: Style, after: Style) -> str:
    """Return the escape codes that turn one style into another."""
    codes = []
    if before[2] != after[2]:  # attributes can only be reset together, and with the colours
        codes.append(f"0;{after[2]}".removesuffix(";"))
        before = PLAIN
    codes += [new for old, new in zip(before[:2], after[:2], strict=True) if old != new]
    return f"\x1b[{';'.join(codes)}m" if codes else ""
