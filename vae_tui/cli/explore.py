"""``vae-tui sample``, ``morph``, ``decode`` and ``map``.

Imports are inside functions: ``--help`` needs neither numpy nor torch, drawing no torch.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli.console import print_lines
from vae_tui.cli.evaluate import evaluate
from vae_tui.cli.export import export
from vae_tui.cli.options import (
    debug_option,
    option,
    output_option,
    run_argument,
    runs_dir_option,
    step_option,
)
from vae_tui.errors import UsageError

if TYPE_CHECKING:
    from vae_tui.arrays import Bytes, Floats
    from vae_tui.cli.drawing import Show, ShowMap


@click.command()
@run_argument
@runs_dir_option
@option("--count", "-n", type=int, default=16, show_default=True, help="Digits.")
@option("--seed", type=int, default=1, show_default=True, help="Random seed of z.")
@option("--temperature", type=float, default=1.0, show_default=True,
        help="Standard deviation of z; below 1 the digits are more typical.")  # fmt: skip
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
    from vae_tui.run.runs_folder import find

    drawing.sample(find(runs_dir, run), step, count, seed, temperature, show)


@click.command()
@click.argument("run", metavar="RUN")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@runs_dir_option
@option("--steps", type=int, default=10, show_default=True, help="Pictures, including both ends.")
@option("--path", default="linear", show_default=True, metavar="linear|slerp|pixels",
        help="Interpolation of the codes; pixels is a cross-fade, to compare with.")  # fmt: skip
@option(
    "--seed", type=int, help="Choose a random image of each class instead of the most typical one."
)
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
    """Interpolate from digit A to digit B: classes 0 to 9, or test images as '#123' (quoted)."""
    show = _place(output, ".png", ".gif")
    from vae_tui.cli import drawing
    from vae_tui.run.runs_folder import find

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
    from vae_tui.run.runs_folder import find

    drawing.decode(find(runs_dir, run), step, z, show)


@click.command("map")
@run_argument
@runs_dir_option
@option("--method", default="pca", show_default=True, metavar="pca|tsne",
        help="Linear, instant; or t-SNE, which keeps neighbours together, in seconds.")  # fmt: skip
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
    from vae_tui.run.runs_folder import find

    drawing.draw_map(find(runs_dir, run), step, _pca if method == "pca" else _tsne, show)


COMMANDS = (sample, morph, decode, draw_map, evaluate, export)


def _place(output: Path | None, *suffixes: str) -> "Show":
    """Return a function that writes pictures to the file, or prints them if there is none.

    Raises:
        UsageError: The file has another suffix, or there is neither a file nor a terminal.
    """
    _check_place(output, *suffixes)

    def write(pictures: "Bytes", columns: int, about: str) -> None:
        from vae_tui.export.picture_files import write_digits

        assert output is not None
        write_digits(output, pictures, columns, about)
        print_lines(f"{output}: {about}")

    def show(pictures: "Bytes", columns: int, about: str) -> None:
        from vae_tui.terminal.print_pictures import print_digits

        print_digits(pictures)
        print_lines(about)

    return write if output else show


def _place_for_map(output: Path | None) -> "ShowMap":
    _check_place(output, ".png")

    def write(points: "Floats", labels: "Bytes", classes: tuple[str, ...], about: str) -> None:
        from vae_tui.export.map_picture import map_png
        from vae_tui.export.output_file import write

        assert output is not None
        write(output, map_png(points, labels, classes, about))
        print_lines(f"{output}: {about}")

    def show(points: "Floats", labels: "Bytes", classes: tuple[str, ...], about: str) -> None:
        from vae_tui.terminal.print_pictures import print_map

        print_map(points, labels)
        print_lines(about)

    return write if output else show


def _check_place(output: Path | None, *suffixes: str) -> None:
    from vae_tui.export.output_file import check_output

    if output is not None:
        check_output(output, suffixes)
    elif not sys.stdout.isatty():
        raise UsageError(f"stdout is not a terminal: write to a file with -o FILE{suffixes[0]}")


def _pca(means: "Floats") -> tuple["Floats", str]:
    from vae_tui.latent.projection import pca

    found = pca(means)
    return found.points, f"PCA ({found.share:.0%} of the variance)"


def _tsne(means: "Floats") -> tuple["Floats", str]:
    from vae_tui.latent.tsne import embed

    return embed(means), "t-SNE"
