"""The command that lists the runs."""

import dataclasses
from pathlib import Path

import click

from vae_tui.complaint import complain
from vae_tui.options import debug_option, option, runs_dir_option, say
from vae_tui.words import printable


@click.command()
@runs_dir_option
@option("--json", "as_json", is_flag=True, help="A list of objects.")
@debug_option
def runs(runs_dir: Path, as_json: bool) -> None:
    """List the runs and their state, newest first."""
    import json
    import math

    from vae_tui.events import finite
    from vae_tui.run import all_runs
    from vae_tui.summary import ADVICE, readable

    found, wrong = readable(all_runs(runs_dir))
    for complaint in wrong:
        complain(complaint)
    if as_json:
        records = [finite(dataclasses.asdict(row)) for row in found]
        click.echo(json.dumps(records, indent=2, allow_nan=False))
        return
    if not found:
        say(f"no runs in {runs_dir}; start one with: vae-tui")
        return
    names = [printable(row.name) for row in found]
    width = max(4, *map(len, names))
    say(f"{'run':{width}}  {'state':8}  {'data':13}  {'epoch':>9}  test loss  next")
    for row, name in zip(found, names, strict=True):
        loss = "" if math.isnan(row.test_loss) else f"{row.test_loss:.2f}"
        epoch = f"{row.epoch:.1f}/{row.epochs}"
        advice = ADVICE[row.state].format(name=name)
        say(f"{name:{width}}  {row.state:8}  {row.dataset:13}  {epoch:>9}  {loss:>9}  {advice}")
