"""``vae-tui runs``."""

import dataclasses
import json
import math
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli.console import print_error, print_lines
from vae_tui.cli.options import option, plain_runs_dir, runs_dir_option
from vae_tui.run.runs_folder import all_runs, no_runs
from vae_tui.run.state import ADVICE, SETTLED, state_text
from vae_tui.text import cut, printable

if TYPE_CHECKING:
    from vae_tui.run.summary import Summary

_SIDES = "<<>><"
"""Alignment of the columns after the name."""


@click.command()
@runs_dir_option
@option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
def runs(runs_dir: Path, as_json: bool) -> None:
    """List the runs and their state, newest first."""
    from vae_tui.run.events import finite
    from vae_tui.run.summary import summarise_all

    found, wrong = summarise_all(all_runs(runs_dir), plain_runs_dir())
    for problem in wrong:
        print_error(problem)
    if as_json:
        rows = [finite(dataclasses.asdict(row)) for row in found]
        click.echo(json.dumps(rows, indent=2, allow_nan=False))
    elif not found:
        print_lines(no_runs(runs_dir))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        print_lines(*table(found, width), *machines(found), *what_next(found))


def table(rows: "Sequence[Summary]", width: int = 0) -> Iterator[str]:
    """Yield a heading and a line for each run; names are cut to fit into ``width`` columns."""
    from vae_tui.run.series import TEST_LOSS

    cells_of_rows = [
        (
            state_text(row.state, row.silent_seconds),
            printable(row.dataset),
            f"{row.epoch:.1f}/{row.epochs}",
            *(("", "") if math.isnan(row.test_loss) else (f"{row.test_loss:.2f}", row.objective)),
        )
        for row in rows
    ]
    heads = ("state", "data", "epoch", TEST_LOSS.label, "terms")
    widths = [max(map(len, column)) for column in zip(heads, *cells_of_rows, strict=True)]
    names = [printable(row.name) for row in rows]
    longest = max(4, *map(len, names))
    if width:
        longest = min(longest, max(8, width - sum(widths) - 2 * len(widths)))
    shown = ("run", *(cut(name, longest) for name in names))
    for name, cells in zip(shown, (heads, *cells_of_rows), strict=True):
        formats = zip(cells, _SIDES, widths, strict=True)
        columns = (f"{cell:{side}{width}}" for cell, side, width in formats)
        yield "  ".join((f"{name:{longest}}", *columns)).rstrip()


def machines(rows: "Sequence[Summary]") -> Iterator[str]:
    """Yield a line for each run that trains, with what its machine is doing."""
    from vae_tui.run.machine.words import machine_parts

    for row in rows:
        if row.machine is not None and (parts := machine_parts(row.machine, unicode=False)):
            yield f"{printable(row.name)} on {printable(row.host)}: {', '.join(parts)}"


def what_next(rows: "Sequence[Summary]") -> Iterator[str]:
    """Yield a line for each state that needs action, with what to do about its newest run."""
    by_state: dict[str, list[Summary]] = {}
    for row in rows:
        by_state.setdefault(row.state, []).append(row)
    for state in ADVICE:
        if state in by_state and state not in SETTLED:
            first, *others = by_state[state]
            more = f"; {len(others)} more" if others else ""
            yield f"{state}: {printable(first.next)}{more}"
