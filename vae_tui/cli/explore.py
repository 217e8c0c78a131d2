"""The commands that explore a run from the shell.

Imports are inside functions: ``--help`` must cost neither numpy nor torch, drawing no torch.
"""

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli.options import (
    data_dir_option,
    debug_option,
    folder_of_data,
    option,
    output_option,
    run_argument,
    runs_dir_option,
    say,
    step_option,
)
from vae_tui.errors import UsageError
from vae_tui.text import printable

if TYPE_CHECKING:
    from vae_tui.cli.drawing import Show, ShowMap
    from vae_tui.model.numpy_vae import Bytes, Floats


@click.command()
@run_argument
@runs_dir_option
@option("--count", "-n", type=int, default=16, show_default=True, help="Digits.")
@option("--seed", type=int, default=1, show_default=True, help="The same digits every time.")
@option("--temperature", type=float, default=1.0, show_default=True,
        help="Standard deviation of z; below 1 they are more typical.")  # fmt: skip
@step_option
@output_option("a PNG")
@debug_option
def sample(
    run: str | None,
    runs_dir: Path,
    count: int,
    seed: int,
    temperature: float,
    step: int | None,
    output: Path | None,
) -> None:
    """Draw digits from the prior, on the terminal or as a PNG."""
    show = _place(output, ".png")
    from vae_tui.cli import drawing
    from vae_tui.run.folder import find

    drawing.sample(find(runs_dir, run), step, count, seed, temperature, show)


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@runs_dir_option
@option("--steps", type=int, default=10, show_default=True, help="Pictures, ends included.")
@option("--path", default="linear", show_default=True, metavar="linear|slerp|pixels",
        help="Through the latent space; pixels is a cross-fade, for contrast.")  # fmt: skip
@option("--seed", type=int, help="A random image of each class, not the most typical one.")
@step_option
@output_option("a PNG strip or an animated GIF")
@debug_option
def morph(
    run: str,
    start: str,
    end: str,
    runs_dir: Path,
    steps: int,
    path: str,
    seed: int | None,
    step: int | None,
    output: Path | None,
) -> None:
    """Let digit A become digit B: classes 0 to 9, or test images as '#123' (in quotes)."""
    show = _place(output, ".png", ".gif")
    from vae_tui.cli import drawing
    from vae_tui.run.folder import find

    drawing.draw_morph(find(runs_dir, run), step, (start, end), steps, path, seed, show)


@click.command()
@run_argument
@runs_dir_option
@option("--z", required=True, metavar="NUMBERS", help='The code: "0.31,-1.2,...".')
@step_option
@output_option("a PNG")
@debug_option
def decode(run: str | None, runs_dir: Path, z: str, step: int | None, output: Path | None) -> None:
    """Draw the digit of one point of the latent space."""
    show = _place(output, ".png")
    from vae_tui.cli import drawing
    from vae_tui.run.folder import find

    drawing.decode(find(runs_dir, run), step, z, show)


@click.command("map")
@run_argument
@runs_dir_option
@option("--method", default="pca", show_default=True, metavar="pca|tsne",
        help="Linear, at once; or t-SNE, which keeps neighbours together, in seconds.")  # fmt: skip
@step_option
@output_option("a PNG")
@debug_option
def draw_map(
    run: str | None, runs_dir: Path, method: str, step: int | None, output: Path | None
) -> None:
    """Draw the means of the test digits in two dimensions, coloured by class."""
    from vae_tui.run.config import check_choice

    check_choice("method", method, ("pca", "tsne"))
    show = _place_for_map(output)
    from vae_tui.cli import drawing
    from vae_tui.run.folder import find

    drawing.draw_map(find(runs_dir, run), step, _pca if method == "pca" else _tsne, show)


@click.command("eval")
@run_argument
@runs_dir_option
@data_dir_option
@option("--samples", type=int, default=0, show_default=True, metavar="K",
        help="Of the importance-weighted NLL, an image; 0 leaves it out.")  # fmt: skip
@option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@step_option
@option("--json", "as_json", is_flag=True, help="One object.")
@debug_option
def evaluate(
    run: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    samples: int,
    device: str,
    step: int | None,
    as_json: bool,
) -> None:
    """Measure a run's network on the test set: ELBO, NLL, active units, its samples."""
    from vae_tui.run.folder import find

    found = find(runs_dir, run)
    config = found.config()
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir), device=device)
    from vae_tui.evaluation import assess

    with _progress("NLL") as tell:
        result = assess.assess_run(found, config, step, samples, tell)
    name = printable(found.name)
    text = assess.as_json(result) if as_json else assess.as_text(result, name, config)
    say(*text.split("\n"))


@click.command()
@run_argument
@runs_dir_option
@step_option
@output_option("the weights as .pt or .safetensors, or the losses as .csv", required=True)
@debug_option
def export(run: str | None, runs_dir: Path, step: int | None, output: Path) -> None:
    """Write a run's weights, or its losses, for other programs."""
    from vae_tui.export.losses_csv import losses_csv, safetensors_file
    from vae_tui.export.output_file import check_output, write
    from vae_tui.latent.morph import network_at
    from vae_tui.run.folder import find

    check_output(output, (".pt", ".safetensors", ".csv"))
    found = find(runs_dir, run)
    config = found.config()
    if output.suffix.lower() == ".csv":
        if step is not None:
            raise UsageError("--step is of weights; the losses are written whole")
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
    say(f"{output}: {what}")


COMMANDS = (sample, morph, decode, draw_map, evaluate, export)


def _place(output: Path | None, *suffixes: str) -> "Show":
    """Return what takes pictures to the file, or to the terminal when there is none.

    Raises:
        UsageError: The file's name has another ending, or there is neither file nor terminal.
    """
    _check_place(output, *suffixes)

    def write(pictures: "Bytes", columns: int, about: str) -> None:
        from vae_tui.export.picture_files import write_digits

        assert output is not None
        write_digits(output, pictures, columns, about)
        say(f"{output}: {about}")

    def show(pictures: "Bytes", columns: int, about: str) -> None:
        from vae_tui.terminal.print_pictures import print_digits

        print_digits(pictures)
        say(about)

    return write if output else show


def _place_for_map(output: Path | None) -> "ShowMap":
    _check_place(output, ".png")

    def write(points: "Floats", labels: "Bytes", classes: tuple[str, ...], about: str) -> None:
        from vae_tui.export.map_picture import map_png
        from vae_tui.export.output_file import write

        assert output is not None
        write(output, map_png(points, labels, classes, about))
        say(f"{output}: {about}")

    def show(points: "Floats", labels: "Bytes", classes: tuple[str, ...], about: str) -> None:
        from vae_tui.terminal.print_pictures import print_map

        print_map(points, labels)
        say(about)

    return write if output else show


def _check_place(output: Path | None, *suffixes: str) -> None:
    from vae_tui.export.output_file import check_output

    if output is not None:
        check_output(output, suffixes)
    elif not sys.stdout.isatty():
        raise UsageError(f"stdout is no terminal: say where to write it, with -o FILE{suffixes[0]}")


def _pca(means: "Floats") -> tuple["Floats", str]:
    from vae_tui.latent.projection import pca

    found = pca(means)
    return found.points, f"PCA ({found.share:.0%} of the variance)"


def _tsne(means: "Floats") -> tuple["Floats", str]:
    from vae_tui.latent.tsne import embed

    return embed(means), "t-SNE"


@contextlib.contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """Give a function that draws the share that is done, on a terminal's stderr."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=1.0)
        yield lambda share: progress.update(task, completed=share)
