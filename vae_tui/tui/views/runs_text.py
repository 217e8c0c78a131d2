"""What the Runs view says in words: its title, a line on a run, the table as a file."""

import math
from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape

from vae_tui.export.output_file import csv_table
from vae_tui.run.runs_folder import no_runs
from vae_tui.run.state import SETTLED
from vae_tui.text import printable
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
        return "reading the runs ..."
    folder = escape(printable(runs.folder))
    if not runs.found:
        return escape(printable(no_runs(Path(runs.folder))))
    if not runs.is_whole:
        return f"[b]{len(runs.rows)} of {runs.found} runs read ...[/b]"
    count = f"{runs.found} run{'s' if runs.found > 1 else ''}"
    if pattern:
        count = f"{shown} of {count} match"
    here, over = attached_mark(scene.unicode), overlay_mark(scene.unicode)
    return f"[b]{count}[/b] in {folder} · {here} on the screen · {over} overlaid"


def details_of(row: ListedRun) -> str:
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
