"""The runs of a folder in Textual's DataTable, with as many columns as the width has room for.

CPU with 2,000 runs: 0.8 s to fill the table at once, most of it spent measuring cells; 30 ms for a
key; 110 ms when a run advances, since DataTable then renders all visible rows again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.coordinate import Coordinate
from textual.events import Click
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widgets import DataTable

from vae_tui.text import printable
from vae_tui.tui.state.other_runs import ListedRun
from vae_tui.tui.widgets.drawing import overlaid
from vae_tui.tui.widgets.frame.status import ROLES
from vae_tui.tui.widgets.runs.run_columns import COLUMNS, HEADS, Side, differing, texts_of

GAP, MARKS = 2, 4
"""Cells between columns, and before each name: of the cursor and of the run's mark."""
LEAST_NAME, WIDEST_NAME = 16, 60
"""Cells: columns are left out where a name would get fewer; a name gets no more."""
ATTACHED, UNREADABLE = "here", "alarm"
CURVE = HEADS.index("curve")


@dataclass(frozen=True, slots=True)
class RunTableContent:
    """What the table shows."""

    rows: tuple[ListedRun, ...] = ()
    attached: Path | None = None
    """The run on the screen."""
    overlaid: Mapping[Path, str] = field(default_factory=dict)
    """The colour role of each run that is drawn over it."""
    unicode: bool = True
    sorted_by: str = ""
    """The head of the column in whose order the runs are; empty for the order of the folder."""
    is_reversed: bool = False


class RunTable(DataTable[Text], can_focus=False):
    """Draws ``content``, and the cursor at row ``chosen``; updates only cells that changed."""

    DEFAULT_CSS = """
    RunTable { background: transparent; scrollbar-size: 0 0; }
    RunTable > .datatable--header { background: transparent; color: $quiet; text-style: none; }
    RunTable > .datatable--header-hover { background: transparent; }
    RunTable > .datatable--hover { background: transparent; }
    RunTable > .datatable--cursor { background: $cursor-ground; text-style: bold; }
    """

    content: var[RunTableContent] = var(RunTableContent())
    chosen: var[int] = var(0)

    def __init__(self) -> None:
        super().__init__(cursor_type="row", cursor_foreground_priority="renderable", cell_padding=0)
        self._widths = [GAP + cell_len(column.head) + 1 for column in COLUMNS]
        self._layout: list[tuple[str, Side, int]] = []
        """Head, alignment and width of the columns shown."""
        self._shown: list[tuple[ListedRun, Text]] = []
        """The rows: each run and its mark."""

    def watch_chosen(self, chosen: int) -> None:
        """Move the cursor."""
        self.move_cursor(row=chosen, scroll=False)

    def render_line(self, y: int) -> Strip:
        """Return one line; the cursor can be seen without colours too."""
        line = super().render_line(y)
        if y == 0 or y - 1 + round(self.scroll_y) != self.cursor_row or not self.row_count:
            return line
        return overlaid(line, 0, ">", next(iter(line)).style)

    def redraw(self) -> None:
        """Update the rows, with the columns that fit."""
        content, width = self.content, self.size.width
        if width < 1:
            return
        texts = [texts_of(run, content.unicode) for run in content.rows]
        for index, column in enumerate(list(zip(*texts, strict=True))[1:]):
            # Widths only grow: each change builds the whole table anew.
            self._widths[index] = max(self._widths[index], GAP + max(map(cell_len, column)))
        longest = min(max((cell_len(name) for name, *_ in texts), default=1), WIDEST_NAME)
        room = width - MARKS - min(longest, LEAST_NAME)
        shown = fitting(self._widths, room, differing(content.rows))
        rest = width - MARKS - sum(self._widths[index] for index in shown)
        name_width = max(min(longest, rest), 1)
        layout: list[tuple[str, Side, int]] = [
            ("", "default", MARKS),
            ("run", "default", name_width),
            *((self._head(i), COLUMNS[i].side, self._widths[i]) for i in shown),
            ("", "default", max(rest - name_width, 0)),
        ]
        if layout != self._layout:
            self._layout, self._shown = layout, []
            self.clear(columns=True)
            for head, side, cells in layout:
                self.add_column(_cell(head, "", side), width=cells)
        rows = [(run, self._mark(run.path)) for run in content.rows]
        for y, row in enumerate(rows):
            if y >= len(self._shown):
                self.add_row(*self._cells(*row, shown, *texts[y]), key=str(y))
            elif row != self._shown[y]:
                for x, cell in enumerate(self._cells(*row, shown, *texts[y])):
                    self.update_cell_at(Coordinate(y, x), cell)
        for y in range(len(rows), len(self._shown)):
            self.remove_row(str(y))
        self._shown = rows
        self.move_cursor(row=self.chosen, scroll=False)

    watch_content = redraw
    on_resize = redraw

    class DoubleClicked(Message):
        """A row was double-clicked."""

    def on_click(self, event: Click) -> None:
        """Report a double click on a row."""
        if event.chain == 2 and event.style.meta.get("row", -1) >= 0:
            self.post_message(self.DoubleClicked())

    @property
    def heads(self) -> list[str]:
        """The heads of the columns shown that can be sorted by."""
        return [head for index in range(len(self._layout)) if (head := self.head_at(index))]

    def head_at(self, index: int) -> str:
        """Return the head of the column at an index of the table; empty if it has none."""
        head = self._layout[index][0].rstrip("▲▼^v") if index < len(self._layout) else ""
        return head if head in HEADS else ""

    def _head(self, index: int) -> str:
        head, content = COLUMNS[index].head, self.content
        if head != content.sorted_by:
            return head
        up, down = "▲▼" if content.unicode else "^v"
        return f"{head}{down if content.is_reversed else up}"

    def _mark(self, path: Path) -> Text:
        if path == self.content.attached:
            return _cell(f"  {attached_mark(self.content.unicode)}", ATTACHED)
        role = self.content.overlaid.get(path, "")
        return _cell(f"  {overlay_mark(self.content.unicode)}" if role else "", role)

    def _cells(
        self, run: ListedRun, mark: Text, shown: Sequence[int], name: str, *values: str
    ) -> list[Text]:
        """Return the cells of a run; those of an unreadable one share its message."""
        room = self._layout[1][2]
        if cell_len(name) > room:
            name = set_cell_size(name, room - 1) + "~"
        cells = [mark, _cell(name)]
        if not run.wrong:
            styles = {0: ROLES.get(run.summary.state, ""), CURVE: "train"}
            cells += [_cell(values[i], styles.get(i, ""), COLUMNS[i].side) for i in shown]
            return [*cells, Text()]
        message = " " * GAP + printable(run.wrong)
        for _, _, width in self._layout[2:]:
            part = set_cell_size(message, width)
            cells.append(_cell(part, UNREADABLE))
            message = message[len(part) :]
        return cells


def fitting(widths: Sequence[int], room: int, candidates: Iterable[int]) -> list[int]:
    """Return which of the columns fit into ``room``, the least important left out."""
    shown = sorted(candidates, key=lambda index: COLUMNS[index].rank)
    while shown and sum(widths[index] for index in shown) > room:
        shown.pop()
    return sorted(shown)


def attached_mark(unicode: bool) -> str:
    """Return the mark of the run on the screen."""
    return "●" if unicode else "*"


def overlay_mark(unicode: bool) -> str:
    """Return the mark of an overlaid run."""
    return "■" if unicode else "x"


def _cell(text: str, style: str = "", side: Side = "default") -> Text:
    # The style is a span: Text compares spans, and not its own style.
    return Text.assemble((" " * GAP * (side == "left") + text, style), justify=side)
