"""``vae-tui eval``."""

import dataclasses
from pathlib import Path

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines, progress_bar
from vae_tui.cli.options import folder_of_data, option
from vae_tui.text import printable


@click.command("eval")
@options.run_argument
@options.runs_dir_option
@options.data_dir_option
@option("--samples", type=int, default=0, show_default=True, metavar="K",
        help="Samples per image for the importance-weighted NLL; 0 skips it.")  # fmt: skip
@options.device_option
@options.step_option
@option("--json", "as_json", is_flag=True, help="One object.")
def evaluate(
    run: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    samples: int,
    device: str,
    step: int | None,
    as_json: bool,
) -> None:
    """Evaluate a run on the test set: ELBO, NLL, active units, its samples."""
    from rich.progress import TaskProgressColumn, TimeRemainingColumn

    from vae_tui.run.runs_folder import find

    found = find(runs_dir, run)
    config = found.config()
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir), device=device)
    from vae_tui.evaluation import assess, report

    with progress_bar("NLL", TaskProgressColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=1.0)
        result = assess.assess_run(
            found, config, step, samples, lambda share: bar.update(task, completed=share)
        )
    name = printable(found.name)
    text = report.as_json(result) if as_json else report.as_text(result, name, config)
    print_lines(*text.split("\n"))
