"""``vae-tui eval``, ``export`` and ``movie``: a run's results as numbers and as files."""

import dataclasses
from functools import partial
from pathlib import Path

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines, progress_bar
from vae_tui.cli.data_set.folders import folder_of_data
from vae_tui.cli.options import Choice, option
from vae_tui.errors import UsageError
from vae_tui.run.runs_folder import find
from vae_tui.text import printable


@click.command("eval")
@options.run_argument
@options.runs_dir_option
@options.data_dir_option
@option("--samples", type=int, default=0, metavar="K",
        help="Samples per image for the importance-weighted NLL; 0 skips it.")  # fmt: skip
@options.device_option
@options.step_option
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    run: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    samples: int,
    device: str,
    step: int | None,
    as_json: bool,
) -> None:
    """Evaluate a run on its test set.

    Prints ELBO and its parts, NLL, active units, KL of each dimension, and for samples of the
    prior, the aggregate posterior and a mixture how many a classifier recognises, and their Fréchet
    distance from training images.
    """
    from rich.progress import TaskProgressColumn, TimeRemainingColumn

    found = find(runs_dir, run)
    config = found.config()
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir), device=device)
    with progress_bar("{task.description}", TaskProgressColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("starting torch", total=None)

        def show(what: str, share: float | None) -> None:
            total = None if share is None else 1.0
            bar.update(task, description=what, completed=share or 0.0, total=total)

        from vae_tui.evaluation import assess, report

        result = assess.assess_run(found, config, step, samples, show)
    name = printable(found.name)
    text = report.as_json(result) if as_json else report.as_text(result, name, config)
    print_lines(*text.split("\n"))


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

    check_output(output, (".pt", ".safetensors", ".csv"))
    found = find(runs_dir, run)
    config = found.config()
    if output.suffix.lower() == ".csv":
        if step is not None:
            raise UsageError("--step selects weights; losses are always exported completely")
        blocks, what = losses_csv(found, config), f"losses of {found.name}"
        write(output, blocks)
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


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--of", "subject", type=Choice(("samples", "morph", "map")), default="samples",
        help="Samples from the same z, a morph of two images, or the map.")  # fmt: skip
@option("--count", "-n", type=int, show_default="32; 8", help="Samples, or pictures of a morph.")
@option("--seed", type=int, default=1, help="Random seed of the samples' z.")
@option("--digits", nargs=2, metavar="A B", default=("3", "8"),
        help="Ends of the morph: classes, or test images as '#123' (quoted).")  # fmt: skip
@option("--method", type=Choice(("pca", "tsne")), default="pca",
        help="Projection of the map; tsne takes seconds for each step.")  # fmt: skip
@option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE",
        show_default="RUN-samples.gif and so on", help="The file, ending in .gif.")  # fmt: skip
def movie(
    run: str | None,
    runs_dir: Path,
    subject: str,
    count: int | None,
    seed: int,
    digits: tuple[str, str],
    method: str,
    output: Path | None,
) -> None:
    """Write a GIF of how a run learns.

    It shows the same picture at every kept step.
    """
    from rich.progress import MofNCompleteColumn

    from vae_tui.export.output_file import check_output, write
    from vae_tui.latent.movie import Request, movie_of

    found = find(runs_dir, run)
    path = output or Path(f"{found.name}-{subject}.gif")
    check_output(path, (".gif",))
    with progress_bar("drawing", MofNCompleteColumn()) as bar:
        track = partial(bar.track, total=len(found.kept_steps()) + 1)
        content, about = movie_of(found, Request(subject, count, seed, digits, method), track)
    write(path, content)
    print_lines(f"{path}: {about}")


COMMANDS = (evaluate, export, movie)
