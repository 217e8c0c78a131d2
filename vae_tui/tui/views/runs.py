"""View 6: all runs of the folder, to open one or to lay it over the one on the screen."""

import math
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.reactive import var

from vae_tui.export.output_file import csv_table, write
from vae_tui.text import printable
from vae_tui.tui.state.run_list import ListedRun, RunList
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.run_table import RunTable, RunTableContent, attached_mark

FAR = 1_000_000
"""Rows: to either end."""
SETTLED = ("running", "finished")
"""States in which there is nothing to do but what enter does."""
USUAL_FOLDER = "checkpoints"
FIELDS = (
    *("name", "state", "dataset", "model", "reconstruction", "latent_dim", "beta", "lr"),
    *("epoch", "epochs", "step", "test_loss", "best_test_loss", "objective"),
)
"""Of a summary, in an exported table."""


class RunsView(View):
    """A table of the runs with a cursor; what is chosen is asked of the app."""

    TITLE = "Runs"
    LISTS_RUNS = True
    HELP = (
        "All runs of the folder, newest first, as vae-tui runs lists them. best test: the lowest "
        "test loss in nats per image, z sampled; compare only runs of the same data and model. "
        "enter shows another run on this screen; the one left behind goes on training. x lays the "
        "run over this one, in view 1: its losses on the same epochs, its digits from the same z. "
        "x on it again takes it away."
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
                tooltip="Show this run; the one left goes on"),
        Binding("x", "overlay", "Overlay", id="runs.overlay",
                tooltip="Its curves and digits over this run's, in view 1; again: away"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    RunsView RunTable { height: 1fr; }
    """

    class OpenRequested(Message):
        """The user wants to see a run."""

        def __init__(self, path: Path, *, is_attached: bool) -> None:
            super().__init__()
            self.path = path
            self.is_attached = is_attached

    class OverlayRequested(Message):
        """The user wants a run laid over the one on the screen, or taken away."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    chosen: var[Path | None] = var(None)
    """The run that the cursor is on; None before the user has chosen: the one on the screen."""

    def compose(self) -> ComposeResult:
        """What is listed, the list, more of the chosen run."""
        yield Caption(id="caption")
        yield RunTable()
        yield Caption(id="details")

    def watch_scene(self) -> None:
        """Redraw."""
        self._draw()

    def on_data_table_row_highlighted(self, message: RunTable.RowHighlighted) -> None:
        """Choose the row to which the mouse has moved the cursor."""
        # Moves by keys are reported too, some of them after a newer one: then the rows differ.
        if self._runs and self._place != message.cursor_row == self.query_one(RunTable).cursor_row:
            self._choose(message.cursor_row)

    def action_move(self, rows: int) -> None:
        """Choose a run further down, or up."""
        if self._runs:
            self._choose(self._place + rows)

    def action_page(self, pages: int) -> None:
        """Choose a run a page further down, or up."""
        self.action_move(pages * max(self.query_one(RunTable).size.height - 1, 1))

    def action_open(self) -> None:
        """Ask for the chosen run to be shown."""
        if runs := self._runs:
            path = runs.rows[self._place].path
            self.post_message(self.OpenRequested(path, is_attached=path == runs.attached))

    def action_overlay(self) -> None:
        """Ask for the chosen run to be laid over this one, or taken away."""
        runs = self._runs
        if runs is None:
            return
        path = runs.rows[self._place].path
        if path == runs.attached:
            self.notify("this is the run on the screen; choose another to lay over it", timeout=4)
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
        content = _csv(runs.rows)
        return Export("runs.csv", lambda path: write(path, content))

    _last_place = 0
    """Where the cursor was: it stays there when its run is gone."""

    @property
    def _runs(self) -> RunList | None:
        """The list, if there is a run in it."""
        runs = self.scene.runs if self.scene else None
        return runs if runs is not None and runs.rows else None

    @property
    def _place(self) -> int:
        """The row of the cursor."""
        assert self._runs is not None
        paths = [row.path for row in self._runs.rows]
        wanted = self.chosen or self._runs.attached
        return paths.index(wanted) if wanted in paths else min(self._last_place, len(paths) - 1)

    def _choose(self, place: int) -> None:
        if runs := self._runs:
            self.chosen = runs.rows[min(max(place, 0), len(runs.rows) - 1)].path
            self._draw()

    def _draw(self) -> None:
        scene = self.scene
        if not self.is_mounted:
            return
        self.query_one("#caption", Caption).text = _caption(scene)
        table, details = self.query_one(RunTable), self.query_one("#details", Caption)
        runs = self._runs
        if scene is None or runs is None:
            table.content, details.text = RunTableContent(), ""
            return
        self._last_place = place = self._place
        overlaid = scene.overlay.path if scene.overlay else None
        table.content = RunTableContent(runs.rows, runs.attached, overlaid, scene.unicode)
        table.chosen = place
        details.text = _details(runs.rows[place])


def _caption(scene: Scene | None) -> str:
    """Return what is listed, or what is awaited."""
    runs = scene.runs if scene else None
    if scene is None or runs is None:
        return "reading the runs ..."
    folder = escape(printable(runs.folder))
    if not runs.found:
        return f"no runs in {folder}; start one with: vae-tui"
    if not runs.is_whole:
        return f"[b]{len(runs.rows)} of {runs.found} runs read ...[/b]"
    count = f"{runs.found} run{'s' if runs.found > 1 else ''}"
    here = attached_mark(scene.unicode)
    return f"[b]{count}[/b] in {folder} · {here} on the screen · x laid over it"


def _details(row: ListedRun) -> str:
    """Return what the table may have no room for."""
    summary = row.summary
    if row.wrong:
        parts = [*row.wrong.split(": "), summary.state]  # cut where there is little room
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


def _csv(rows: Sequence[ListedRun]) -> bytes:
    values = ([*(_shown(getattr(row.summary, name)) for name in FIELDS), row.wrong] for row in rows)
    return csv_table([*FIELDS, "wrong"], values)


def _shown(value: object) -> object:
    """Return a value fit for a table; what is not finite is left empty."""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return printable(value) if isinstance(value, str) else value
