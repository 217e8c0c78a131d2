"""View 6: all runs of the folder; open one, or overlay it on the run on the screen."""

import math
import shlex
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.reactive import var

from vae_tui.export.output_file import csv_table, write
from vae_tui.run.state import SETTLED
from vae_tui.text import printable
from vae_tui.tui.state.other_runs import ListedRun, RunList
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.panel import Panel
from vae_tui.tui.widgets.runs.run_table import (
    RunTable,
    RunTableContent,
    attached_mark,
    overlay_mark,
)

FAR = 1_000_000
"""Rows; enough to reach either end."""
USUAL_FOLDER = "checkpoints"
FIELDS = (
    *("name", "state", "dataset", "model", "reconstruction", "latent_dim", "beta", "lr"),
    *("epoch", "epochs", "step", "test_loss", "best_test_loss", "objective"),
)
"""Fields of a summary that are exported."""


class RunsView(View):
    """A table of the runs with a cursor; opening and overlaying are left to the app."""

    TITLE = "Runs"
    LISTS_RUNS = True
    HELP = (
        "All runs of the folder, newest first, as vae-tui runs lists them. best test: the lowest "
        "test loss in nats per image, z sampled; compare only runs of the same data and model. "
        "enter opens another run on this screen; training of the run left continues. space "
        "overlays the run in view 1: its losses on the same epochs, its digits from the same z; up "
        "to four at once, each in its own colour. space again removes it."
    )
    BINDINGS = [
        Binding("up", "move(-1)", "Choose", key_display="↑↓", id="runs.up",
                tooltip="Choose a run; page up, page down, home and end go further"),
        Binding("down", "move(1)", show=False, id="runs.down"),
        Binding("pageup", "page(-1)", show=False, id="runs.page-up"),
        Binding("pagedown", "page(1)", show=False, id="runs.page-down"),
        Binding("home", f"move(-{FAR})", show=False, id="runs.first"),
        Binding("end", f"move({FAR})", show=False, id="runs.last"),
        Binding("enter", "open", "Open", id="runs.open",
                tooltip="Open this run; training of the other one continues"),
        Binding("space,x", "overlay", "Overlay", id="runs.overlay",
                tooltip="Draw its curves and digits over this run's in view 1; again: remove"),
    ]  # fmt: skip
    DEFAULT_CSS = "RunsView Panel, RunsView RunTable { height: 1fr; }"

    @dataclass
    class OpenRequested(Message):
        """Open another run."""

        path: Path

    @dataclass
    class OverlayRequested(Message):
        """Overlay a run on the one on the screen, or remove it."""

        path: Path

    chosen: var[Path | None] = var(None)
    """The run of the cursor; None until the user moves it, which means the run on the screen."""
    _last_row = 0
    """Row of the cursor, which stays there if its run is gone."""

    def compose(self) -> ComposeResult:
        """Folder and number of runs, the table, details of the chosen run."""
        yield Panel("caption", RunTable(), Caption(id="details"))

    def on_data_table_row_highlighted(self, message: RunTable.RowHighlighted) -> None:
        """Choose the row to which the mouse has moved the cursor."""
        # Moves by keys are reported too, some of them after a newer one: then the rows differ.
        if self._runs and self._row != message.cursor_row == self.query_one(RunTable).cursor_row:
            self._choose(message.cursor_row)

    def action_move(self, rows: int) -> None:
        """Choose the run ``rows`` further down."""
        if self._runs:
            self._choose(self._row + rows)

    def action_page(self, pages: int) -> None:
        """Choose the run ``pages`` further down."""
        self.action_move(pages * max(self.query_one(RunTable).size.height - 1, 1))

    async def action_open(self) -> None:
        """Open the chosen run; view 1 if it is the one on the screen."""
        if (runs := self._runs) is None:
            return
        path = runs.rows[self._row].path
        if path == runs.attached:
            await self.run_action("screen.view(0)")
        else:
            self.post_message(self.OpenRequested(path))

    def action_overlay(self) -> None:
        """Request that the chosen run is overlaid, or removed."""
        if (runs := self._runs) is None:
            return
        path = runs.rows[self._row].path
        if path == runs.attached:
            self.notify("this is the run on the screen; choose another one to overlay", timeout=4)
        else:
            self.post_message(self.OverlayRequested(path))

    def command(self, run: str) -> str | None:
        """Return the command that prints the list."""
        if self.scene is None or self.scene.runs is None:
            return None
        folder = printable(self.scene.runs.folder)
        more = "" if folder == USUAL_FOLDER else f" --runs-dir {shlex.quote(folder)}"
        return f"vae-tui runs{more}"

    def export(self) -> Export | None:
        """Return the table as a CSV, with every column."""
        if (runs := self._runs) is None:
            return None
        content = csv_table(
            [*FIELDS, "wrong"],
            (
                [*(_shown(getattr(row.summary, name)) for name in FIELDS), row.wrong]
                for row in runs.rows
            ),
        )
        return Export("runs.csv", lambda path: write(path, content))

    @property
    def _runs(self) -> RunList | None:
        """The list, unless it is empty."""
        runs = self.scene.runs if self.scene else None
        return runs if runs is not None and runs.rows else None

    @property
    def _row(self) -> int:
        """The row of the cursor."""
        assert self._runs is not None
        paths = [row.path for row in self._runs.rows]
        path = self.chosen or self._runs.attached
        return paths.index(path) if path in paths else min(self._last_row, len(paths) - 1)

    def _choose(self, row: int) -> None:
        if runs := self._runs:
            self.chosen = runs.rows[min(max(row, 0), len(runs.rows) - 1)].path
            self.redraw()

    def _draw(self, scene: Scene) -> None:
        self.query_one("#caption", Caption).text = _caption(scene)
        table, details = self.query_one(RunTable), self.query_one("#details", Caption)
        runs = self._runs
        if runs is None:
            table.content, details.text = RunTableContent(), ""
            return
        self._last_row = row = self._row
        overlaid = {overlay.path: overlay.role for overlay in scene.overlays}
        table.content = RunTableContent(runs.rows, runs.attached, overlaid, scene.unicode)
        table.chosen = row
        details.text = _details(runs.rows[row])


def _caption(scene: Scene) -> str:
    """Return number and folder of the runs, or what the view waits for."""
    if (runs := scene.runs) is None:
        return "reading the runs ..."
    folder = escape(printable(runs.folder))
    if not runs.found:
        return f"no runs in {folder}; start one with: vae-tui"
    if not runs.is_whole:
        return f"[b]{len(runs.rows)} of {runs.found} runs read ...[/b]"
    count = f"{runs.found} run{'s' if runs.found > 1 else ''}"
    here, over = attached_mark(scene.unicode), overlay_mark(scene.unicode)
    return f"[b]{count}[/b] in {folder} · {here} on the screen · {over} overlaid"


def _details(row: ListedRun) -> str:
    """Return what the table has no room for."""
    summary = row.summary
    if row.wrong:
        parts = [*row.wrong.split(": "), summary.state]  # the last parts may be left out
    else:
        loss = f"{summary.objective} {summary.test_loss:.2f}"
        parts = [
            *([] if summary.state in SETTLED else [summary.next]),
            f"last test {loss}" if math.isfinite(summary.test_loss) else "no test yet",
            summary.dataset,
            f"step {summary.step:,}",
            f"lr {summary.lr:g}",
        ]
    parts = [f"[b]{escape(printable(summary.name))}[/b]", *(escape(printable(p)) for p in parts)]
    return " · ".join(parts)


def _shown(value: object) -> object:
    """Return a value for the CSV; one that is not finite is empty."""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return printable(value) if isinstance(value, str) else value
