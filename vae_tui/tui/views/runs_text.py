"""What the Runs view says in words: its title, a line on a run, the table as a file."""

import math
from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape

from vae_tui.export.output_file import csv_table
from vae_tui.run.runs_folder import no_runs
from vae_tui.run.state import SETTLED
from vae_tui.text import SEPARATOR, printable
from vae_tui.tui.state.other_runs import ListedRun
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.widgets.runs.run_table import attached_mark, overlay_mark

FIELDS = (
    *("name", "state", "dataset", "model", "reconstruction", "latent_dim", "beta", "lr"),
    *("epoch", "epochs", "step", "test_loss", "best_test_loss", "objective"),
)
"""Fields of a summary that are exported."""


def caption_of(scene: Scene, shown: int, pattern: str) -> str:
    """Return number and folder of the runs, or what the view waits for."""
    if (runs := scene.runs) is None:
        return "[b]Runs[/b]: reading the folder ..."
    folder = escape(printable(runs.folder))
    if not runs.found:
        return escape(printable(no_runs(Path(runs.folder))))
    if not runs.is_whole:
        return f"[b]Runs[/b] {len(runs.rows)} of {runs.found} read ..."
    count = f"{shown} of {runs.found} match" if pattern else f"{runs.found}"
    here, over = attached_mark(scene.unicode), overlay_mark(scene.unicode)
    return f"[b]Runs[/b] {count} in {folder} · {here} on the screen · {over} overlaid"


def details_of(row: ListedRun) -> str:
    """Return the name of a run, what is wrong with it, and what to do about its state."""
    summary = row.summary
    if row.wrong:
        parts = [*row.wrong.split(": "), summary.state]  # the last parts may be left out
    else:
        parts = [] if summary.state in SETTLED else [summary.next]
    name = escape(printable(summary.name))
    return SEPARATOR.join([f"[b]Run[/b] {name}", *(escape(printable(part)) for part in parts)])


def csv_of(rows: Iterable[ListedRun]) -> bytes:
    """Return a table of the runs with every column."""
    return csv_table(
        [*FIELDS, "wrong"],
        ([*(_shown(getattr(row.summary, name)) for name in FIELDS), row.wrong] for row in rows),
    )


def _shown(value: object) -> object:
    """Return a value for the CSV; one that is not finite is empty."""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return printable(value) if isinstance(value, str) else value
