"""The runs of a folder as a table: one line each, as many columns as there is room for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.reactive import var

from vae_tui.run.summary import Summary
from vae_tui.text import duration, printable
from vae_tui.tui.state.other_runs import OVERLAID
from vae_tui.tui.state.run_list import ListedRun
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.status import COLOURS

GAP = 2
MARKS = 4
"""Cells before each name."""
LEAST_NAME, LONGEST_NAME = 16, 60
"""Cells: columns give way where a name would get fewer; more only where a name is as long."""
HEAD, HERE, WRONG, CHOSEN = "color(244)", "bold color(39)", "color(203)", "bold on color(237)"


@dataclass(frozen=True, slots=True)
class Column:
    """What is told of each run."""

    head: str
    cell: Callable[[Summary], str]
    rank: int
    """The higher, the sooner it gives way."""
    is_number: bool = True


def _state(row: Summary) -> str:
    return f"stalled {duration(row.silent_seconds)}" if row.state == "stalled" else row.state


def _loss(loss: float) -> str:
    if math.isnan(loss):
        return "-"
    return f"{loss:.2f}" if abs(loss) < 1e6 else f"{loss:.1e}"


COLUMNS = (
    Column("state", _state, 0, is_number=False),
    Column("epoch", lambda row: f"{row.epoch:.1f}/{row.epochs}", 2),
    Column("step", lambda row: f"{row.step}", 8),
    Column("data", lambda row: row.dataset, 7, is_number=False),
    Column("model", lambda row: f"{row.model} {row.reconstruction}", 5, is_number=False),
    Column("d", lambda row: f"{row.latent_dim}", 4),
    Column("beta", lambda row: f"{row.beta:g}", 3),
    Column("lr", lambda row: f"{row.lr:g}", 6),
    Column("last", lambda row: _loss(row.test_loss), 9),
    Column("best test", lambda row: _loss(row.best_test_loss), 1),
)
STATE = 0
"""The place of the column that has colours."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What the table shows."""

    rows: tuple[ListedRun, ...] = ()
    chosen: int = 0
    attached: Path | None = None
    """The run on the screen."""
    overlaid: Path | None = None
    """The run laid over it."""
    unicode: bool = True


class RunTable(Drawing):
    """Draws ``table``; scrolls to the chosen run."""

    table: var[Table] = var(Table())

    class Clicked(Message):
        """The mouse chose a run."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Scrolled(Message):
        """The wheel was turned."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    def watch_table(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw in the new size."""
        self._draw()

    def on_click(self, event: Click) -> None:
        """Tell which run was clicked."""
        row = self._top + event.y - 1
        if event.y > 0 and row < len(self.table.rows):
            self.post_message(self.Clicked(row))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Tell of the wheel."""
        self.post_message(self.Scrolled(1))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Tell of the wheel."""
        self.post_message(self.Scrolled(-1))

    @property
    def page(self) -> int:
        """How many runs are seen at once."""
        return max(self.size.height - 1, 1)

    _top = 0
    """The first run that is seen."""
    _sheet: "Sheet | None" = None
    """Of ``_rows_told``: to move the cursor tells nothing new of any run."""
    _rows_told: tuple[ListedRun, ...] = ()

    def _draw(self) -> None:
        table, width = self.table, self.size.width
        if not table.rows or width < 1:
            self.show_rows([])
            return
        if self._sheet is None or table.rows is not self._rows_told:
            self._sheet, self._rows_told = sheet_of(table.rows), table.rows
        last = max(len(table.rows) - self.page, 0)
        self._top = min(max(self._top, table.chosen - self.page + 1), table.chosen, last)
        lines = drawn(table, self._sheet, self._top, self.page, width)
        self.show_text(lines[: self.size.height])


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in the table, as text fit to be shown."""

    names: list[str]
    cells: list[list[str]]
    """Of each run, one for each of ``COLUMNS``."""
    widths: list[int]
    """Cells that each column needs, its head included."""


def sheet_of(rows: Sequence[ListedRun]) -> Sheet:
    """Return the texts of all rows; the widths are of all, so that scrolling moves no column."""
    cells = [[printable(column.cell(row.summary)) for column in COLUMNS] for row in rows]
    widths = [
        max(cell_len(text) for text in (column.head, *(row[place] for row in cells)))
        for place, column in enumerate(COLUMNS)
    ]
    return Sheet([printable(row.summary.name) for row in rows], cells, widths)


def drawn(table: Table, sheet: Sheet, top: int, count: int, width: int) -> list[Text]:
    """Return the head and at most ``count`` rows from ``top`` on, each of ``width`` cells."""
    room = width - MARKS
    longest = min(max(map(cell_len, sheet.names)), LONGEST_NAME)
    places = fitting(sheet.widths, room, min(longest, LEAST_NAME))
    taken = sum(sheet.widths[place] + GAP for place in places)
    name_cells = max(min(longest, room - taken), 1)
    head = Text(" " * MARKS + set_cell_size("run", name_cells), HEAD, no_wrap=True)
    for place in places:
        head.append(_aligned(COLUMNS[place].head, place, sheet))
    lines = [head]
    for index in range(top, min(top + count, len(table.rows))):
        line = _marks(table, index)
        line.append(_shortened(sheet.names[index], name_cells))
        if wrong := table.rows[index].wrong:
            line.append(" " * GAP + printable(wrong), WRONG)
        else:
            for place in places:
                style = COLOURS.get(table.rows[index].summary.state, "") if place == STATE else ""
                line.append(_aligned(sheet.cells[index][place], place, sheet), style)
        line.truncate(width, overflow="ellipsis" if table.unicode else "crop", pad=True)
        line.stylize(CHOSEN if index == table.chosen else "")
        lines.append(line)
    head.truncate(width, pad=True)
    return lines


def fitting(widths: Sequence[int], width: int, name: int) -> list[int]:
    """Return the places of the columns that fit beside a name, the least important left out."""
    places = sorted(range(len(widths)), key=lambda place: COLUMNS[place].rank)
    while places and name + sum(widths[place] + GAP for place in places) > width:
        places.pop()
    return sorted(places)


def _marks(table: Table, index: int) -> Text:
    """Return what stands before a name: the cursor, and what the run is on the screen."""
    path = table.rows[index].path
    line = Text("> " if index == table.chosen else "  ", no_wrap=True)
    if path == table.attached:
        return line.append(f"{attached_mark(table.unicode)} ", HERE)
    return line.append("x " if path == table.overlaid else "  ", OVERLAID)


def attached_mark(unicode: bool) -> str:
    """Return the sign of the run on the screen."""
    return "●" if unicode else "*"


def _aligned(text: str, place: int, sheet: Sheet) -> str:
    padding = " " * (sheet.widths[place] - cell_len(text))
    gap = " " * GAP
    return f"{gap}{padding}{text}" if COLUMNS[place].is_number else f"{gap}{text}{padding}"


def _shortened(name: str, cells: int) -> str:
    if cell_len(name) > cells:
        name = set_cell_size(name, cells - 1) + "~"
    return set_cell_size(name, cells)
