"""``vae-tui export``."""

from pathlib import Path

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines
from vae_tui.errors import UsageError


@click.command()
@options.run_argument
@options.runs_dir_option
@options.step_option
@options.output_option("the weights as .pt or .safetensors, or the losses as .csv", required=True)
def export(run: str | None, runs_dir: Path, step: int | None, output: Path) -> None:
    """Write a run's weights, or its losses, for other programs."""
    from vae_tui.export.losses_csv import losses_csv
    from vae_tui.export.output_file import check_output, write
    from vae_tui.model.network_at_step import network_at
    from vae_tui.model.numpy_network import safetensors_file
    from vae_tui.run.runs_folder import find

    check_output(output, (".pt", ".safetensors", ".csv"))
    found = find(runs_dir, run)
    config = found.config()
    if output.suffix.lower() == ".csv":
        if step is not None:
            raise UsageError("--step selects weights; losses are always exported completely")
        content, what = losses_csv(found, config), f"losses of {found.name}"
    else:
        network = network_at(found, config, step)
        what = f"weights of step {network.step} of {found.name}"
        if output.suffix.lower() == ".pt":
            from vae_tui.model.torch_weights import pt_file

            content = pt_file(network)
        else:
            content = safetensors_file(network)
    write(output, content)
    print_lines(f"{output}: {what}")
