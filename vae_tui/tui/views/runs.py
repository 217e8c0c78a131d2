"""View 6: all runs of the folder; open one, or overlay it on the run on the screen."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Key
from textual.message import Message
from textual.reactive import var
from textual.widgets import Input

from vae_tui.export.output_file import write
from vae_tui.latent.codes import prior
from vae_tui.run.runs_folder import USUAL_FOLDER
from vae_tui.text import printable
from vae_tui.tui.state.cycle import next_of
from vae_tui.tui.state.other_runs import ListedRun
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.runs_text import caption_of, csv_of, details_of
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.runs.run_columns import matching, sorted_runs
from vae_tui.tui.widgets.runs.run_preview import LEAST_ROWS, MOST_SAMPLES, RunGlance, RunPreview
from vae_tui.tui.widgets.runs.run_table import RunTable, RunTableContent

FAR = 1_000_000
"""Rows; enough to reach either end."""
MOST_PREVIEW = 12
"""Rows of the preview where the table could fill them too."""


class RunsView(View):
    """A table of the runs with a cursor; opening and overlaying are left to the app."""

    TITLE = "Runs"
    LISTS_RUNS = True
    HELP = (
        "All runs of the folder, newest first, as vae-tui runs lists them. best test: the lowest "
        "test loss in nats per image, z sampled: -ELBO in Train, BCE + KL; compare only runs of "
        "the same data and model. "
        "{runs.open} opens another run on this screen; training of the run left continues. "
        "{runs.overlay} overlays the run in Train: its losses on the same epochs, its samples from "
        "the same z; up to four at once, each in its own colour. {runs.overlay} again removes it."
    )
    BINDINGS = [
        Binding("up", "move(-1)", "Choose", key_display="↑↓", id="runs.up",
                tooltip="Choose a run; page up, page down, home and end go further"),
        Binding("down", "move(1)", show=False, id="runs.down"),
        Binding("pageup", "page(-1)", show=False, id="runs.page-up"),
        Binding("pagedown", "page(1)", show=False, id="runs.page-down"),
        Binding("home", f"move(-{FAR})", show=False, id="runs.first"),
        Binding("end", f"move({FAR})", show=False, id="runs.last"),
        Binding("enter", "open", "Open", key_display="enter", id="runs.open",
                tooltip="Open this run; training of the other one continues"),
        Binding("space,x", "overlay", "Overlay", id="runs.overlay",
                tooltip="Draw its curves and samples over this run's in Train; again: remove"),
        Binding("s", "sort", "Sort", id="runs.sort",
                tooltip="Sort by the next column; so does a click on a head"),
        Binding("S", "reverse", show=False, id="runs.reverse",
                tooltip="Reverse the order; so does another click on the head"),
        Binding("slash", "filter", "Filter", key_display="/", id="runs.filter",
                tooltip="Show only runs with these words in their row; escape shows all"),
    ]  # fmt: skip
    SCOPED_CSS = False  # as Panel
    DEFAULT_CSS = """
    RunsView #list { height: 1fr; }
    RunsView RunTable { height: 1fr; }
    RunsView #chosen { height: auto; }
    RunsView RunPreview { height: 1fr; width: 1fr; }
    RunsView #filter { display: none; height: 1; background: transparent; border: none; }
    RunsView.filtering #filter { display: block; }
    """

    @dataclass
    class OpenRequested(Message):
        """Open another run."""

        path: Path

    @dataclass
    class OverlayRequested(Message):
        """Overlay a run on the one on the screen, or remove it."""

        path: Path

    @dataclass
    class PreviewRequested(Message):
        """Read the weights of a run to preview it."""

        path: Path

    sorted_by: var[str] = var("")
    """The head of the column in whose order the runs are; empty: newest first."""
    is_reversed: var[bool] = var(False)
    pattern: var[str] = var("")
    """Only runs that match it are shown."""
    watch_sorted_by = View.redraw
    watch_is_reversed = View.redraw
    watch_pattern = View.redraw
    on_resize = View.redraw

    chosen: var[Path | None] = var(None)
    """The run of the cursor; None until the user moves it, which means the run on the screen."""
    _previewed: tuple[Path, int] | None = None
    """The run and the step of the newest preview that was requested."""
    _last_row = 0
    """Row of the cursor, which stays there if its run is gone."""

    def compose(self) -> ComposeResult:
        """Folder and number of runs, the filter, the table; below, the chosen run at a glance."""
        field = Input(id="filter", compact=True, placeholder="filter: any words of a row")
        yield Panel("caption", field, RunTable(), id="list", is_main=True)
        yield Panel("details", RunPreview(), id="chosen")

    # The table, the mouse and the filter

    def on_data_table_row_highlighted(self, message: RunTable.RowHighlighted) -> None:
        """Choose the row to which the mouse has moved the cursor."""
        # Moves by keys are reported too, some of them after a newer one: then the rows differ.
        if self._rows and self._row != message.cursor_row == self.query_one(RunTable).cursor_row:
            self._choose(message.cursor_row)

    async def on_run_table_double_clicked(self) -> None:
        """Open the run."""
        await self.action_open()

    def on_data_table_header_selected(self, message: RunTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; again: the other way round."""
        if head := self.query_one(RunTable).head_at(message.column_index):
            self.is_reversed = head == self.sorted_by and not self.is_reversed
            self.sorted_by = head

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show the runs that match."""
        self.pattern = message.value

    def on_input_submitted(self) -> None:
        """Return to the table and keep the filter."""
        self._leave_filter()

    def on_key(self, event: Key) -> None:
        """Leave the filter: escape shows all runs again, up and down keep it."""
        field = self.query_one("#filter", Input)
        if field.has_focus and event.key in ("escape", "up", "down"):
            event.stop()
            if event.key == "escape":
                field.value = ""
            self._leave_filter()

    def _leave_filter(self) -> None:
        self.set_class(bool(self.query_one("#filter", Input).value), "filtering")
        self.focus()

    def action_filter(self) -> None:
        """Let the user type words."""
        self.add_class("filtering")
        self.query_one("#filter", Input).focus()

    def action_sort(self) -> None:
        """Sort by the next column; after the last one, newest first."""
        heads = ["", *self.query_one(RunTable).heads]
        self.is_reversed, self.sorted_by = False, next_of(heads, self.sorted_by)

    def action_reverse(self) -> None:
        """Reverse the order."""
        self.is_reversed = not self.is_reversed

    # The cursor

    def action_move(self, rows: int) -> None:
        """Choose the run ``rows`` further down."""
        if self._rows:
            self._choose(self._row + rows)

    def action_page(self, pages: int) -> None:
        """Choose the run ``pages`` further down."""
        self.action_move(pages * max(self.query_one(RunTable).size.height - 1, 1))

    async def action_open(self) -> None:
        """Open the chosen run; view 1 if it is the one on the screen."""
        if (path := self._path) is None:
            return
        if path == self._attached:
            await self.run_action("screen.view(0)")
        else:
            self.post_message(self.OpenRequested(path))

    def action_overlay(self) -> None:
        """Request that the chosen run is overlaid, or removed."""
        if (path := self._path) is None:
            return
        if path == self._attached:
            self.notify("this is the run on the screen; choose another one to overlay", timeout=4)
        else:
            self.post_message(self.OverlayRequested(path))

    def command(self, run: str) -> str | None:
        """Return the command that prints the list."""
        if self.scene is None or self.scene.runs is None:
            return None
        folder = printable(self.scene.runs.folder)
        more = "" if folder == str(USUAL_FOLDER) else f" --runs-dir {shlex.quote(folder)}"
        return f"vae-tui runs{more}"

    def export(self) -> Export | None:
        """Return the table as a CSV, with every column."""
        if not (rows := self._rows):
            return None
        return Export("runs.csv", lambda path: write(path, csv_of(rows)))

    @property
    def _rows(self) -> tuple[ListedRun, ...]:
        """The runs that are shown, in their order."""
        runs = self.scene.runs if self.scene else None
        if runs is None:
            return ()
        rows = matching(runs.rows, self.pattern) if self.pattern else runs.rows
        if not self.sorted_by:
            return rows[::-1] if self.is_reversed else rows
        return sorted_runs(rows, self.sorted_by, is_reversed=self.is_reversed)

    @property
    def _attached(self) -> Path | None:
        runs = self.scene.runs if self.scene else None
        return runs.attached if runs else None

    @property
    def _row(self) -> int:
        """The row of the cursor."""
        paths = [row.path for row in self._rows]
        path = self.chosen or self._attached
        return paths.index(path) if path in paths else min(self._last_row, len(paths) - 1)

    @property
    def _path(self) -> Path | None:
        """The chosen run; None where there is none."""
        rows = self._rows
        return rows[self._row].path if rows else None

    def _choose(self, row: int) -> None:
        if rows := self._rows:
            self.chosen = rows[min(max(row, 0), len(rows) - 1)].path
            self.redraw()

    def _draw(self, scene: Scene) -> None:
        rows = self._rows
        self.query_one("#caption", Caption).text = caption_of(scene, len(rows), self.pattern)
        table, details = self.query_one(RunTable), self.query_one("#details", Caption)
        preview = self.query_one(RunPreview)
        self._lay_out(len(rows))
        if not rows:
            table.content, details.text, preview.glance = RunTableContent(), "", None
            return
        self._last_row = row = self._row
        overlaid = {overlay.path: overlay.role for overlay in scene.overlays}
        table.content = RunTableContent(
            *(rows, self._attached, overlaid, scene.unicode), self.sorted_by, self.is_reversed
        )
        table.chosen = row
        details.text = details_of(rows[row])
        preview.glance = self._glance(scene, rows[row])

    def _lay_out(self, rows: int) -> None:
        """Give the table the rows it needs, and the preview the rest."""
        frame = frame_of(self)[1]
        filter_rows = int(self.has_class("filtering"))
        needed = rows + 1 + filter_rows
        room = self.size.height - 2 * frame
        preview = max(room - needed, min(room // 2, MOST_PREVIEW)) if rows else 0
        is_shown = preview >= LEAST_ROWS
        self.query_one("#chosen").styles.height = preview + frame if is_shown else frame
        self.query_one("#chosen").display = is_shown or frame == 1
        self.query_one(RunPreview).display = is_shown

    def _glance(self, scene: Scene, row: ListedRun) -> RunGlance:
        """Return the preview of a run; its weights are requested when they are not there."""
        network, why_not = None, ""
        if row.path == self._attached:
            network, why_not = scene.network, waiting(scene)
        elif not row.wrong:
            if self._previewed != (row.path, row.summary.step):
                self._previewed = row.path, row.summary.step
                self.post_message(self.PreviewRequested(row.path))
            if (preview := scene.preview) and preview.path == row.path:
                network, why_not = preview.network, preview.why_not
        samples = network.decode(prior(0, MOST_SAMPLES, network.latent_dim)) if network else None
        return RunGlance(row.summary, samples, why_not, scene.palette, scene.unicode)
