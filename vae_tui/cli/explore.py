"""``vae-tui sample``, ``morph``, ``decode`` and ``map``.

Imports are inside functions: ``--help`` needs neither numpy nor torch, drawing no torch.
"""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli import options
from vae_tui.cli.completion import one_of
from vae_tui.cli.console import print_lines
from vae_tui.cli.options import Choice, option
from vae_tui.errors import UsageError
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import find
from vae_tui.text import counted, printable

if TYPE_CHECKING:
    from vae_tui.arrays import Bytes, Floats
    from vae_tui.model.numpy_network import Network


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--count", "-n", type=int, default=16, help="Number of samples.")
@option("--seed", type=int, default=1, help="Random seed of z.")
@option("--temperature", type=float, default=1.0,
        help="Standard deviation of z; below 1 the samples are more typical.")  # fmt: skip
@option("--source", default="prior", type=Choice(("prior", "posterior", "mixture")),
        help="Distribution of z: N(0, I); q(z|x) of random test images; a mixture of Gaussians "
        "fitted to their codes.")  # fmt: skip
@options.step_option
@options.output_option("a PNG instead of drawing in the terminal")
def sample(
    run: str | None,
    runs_dir: Path,
    count: int,
    seed: int,
    temperature: float,
    source: str,
    step: int | None,
    output: Path | None,
) -> None:
    """Draw samples of the prior, the aggregate posterior, or a mixture fitted to the codes."""
    _check_output(output, ".png")
    from vae_tui.latent import codes

    found, network = _run_and_network(runs_dir, run, step)
    if source == "prior":
        name, z = "the prior", codes.samples(network, count, seed, temperature)
    else:
        name, z = _samples_of_codes(found, network, source, seed, count, temperature)
    pictures = network.decode(z)
    about = f"{count} samples of {name}, seed {seed}, temperature {temperature:g}"
    _show(output, pictures, math.isqrt(count - 1) + 1, f"{about}; {_weights(found, network)}")


@click.command()
@options.required_run_argument
@click.argument("start", metavar="A", shell_complete=one_of(*"0123456789"))
@click.argument("end", metavar="B", shell_complete=one_of(*"0123456789"))
@options.runs_dir_option
@option("--steps", type=int, default=10, help="Number of pictures, including both ends.")
@option("--path", default="linear", type=Choice(("linear", "slerp", "pixels")),
        help="Interpolation of the codes; pixels is a cross-fade, to compare with.")  # fmt: skip
@option(
    "--seed", type=int, help="Choose a random image of each class instead of the most typical one."
)
@options.step_option
@options.output_option("a PNG strip or an animated GIF instead of drawing in the terminal")
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
    """Interpolate from image A to image B.

    Each is a class, by its number or name, or a test image as '#123' (quoted).
    """
    _check_output(output, ".png", ".gif")
    from vae_tui.latent.morph import choose_ends, title_of
    from vae_tui.latent.morph import morph as interpolate
    from vae_tui.model.probe import load_probe

    found, network = _run_and_network(runs_dir, run, step)
    probe = load_probe(found.probe, found.config())
    ends = choose_ends(start, end, probe, seed)
    pictures = interpolate(network, probe, ends, steps, path)
    first, last = (title_of(probe, index) for index in ends)
    about = f"{first} to {last}, {steps} pictures, {path}"
    _show(output, pictures, steps, f"{about}; {_weights(found, network)}")


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--z", required=True, metavar="NUMBERS", help='The code: "0.31,-1.2,...".')
@options.step_option
@options.output_option("a PNG instead of drawing in the terminal")
def decode(run: str | None, runs_dir: Path, z: str, step: int | None, output: Path | None) -> None:
    """Draw the image of one latent point."""
    _check_output(output, ".png")
    from vae_tui.latent import codes

    found, network = _run_and_network(runs_dir, run, step)
    code = codes.parse_code(z, network.latent_dim)
    about = f"z = {codes.code_text(code)}; {_weights(found, network)}"
    _show(output, network.decode(code[None]), 1, about)


@click.command("map")
@options.run_argument
@options.runs_dir_option
@option("--method", default="pca", type=Choice(("pca", "tsne")),
        help="pca: linear, instant; tsne: keeps neighbours together, takes seconds.")  # fmt: skip
@options.step_option
@options.output_option("a PNG instead of drawing in the terminal")
def draw_map(
    run: str | None, runs_dir: Path, method: str, step: int | None, output: Path | None
) -> None:
    """Draw the means of the test images in 2D, coloured by class."""
    _check_output(output, ".png")
    from vae_tui.model.probe import load_probe

    found, network = _run_and_network(runs_dir, run, step)
    probe = load_probe(found.probe, found.config())
    points, how = _flatten(network.encode(probe.images)[0], method)
    about = f"{how} of the means of {len(points)} test images; {_weights(found, network)}"
    if output:
        from vae_tui.export.output_file import write
        from vae_tui.export.picture_files import map_png

        write(output, map_png(points, probe.labels, probe.classes, about))
    else:
        from vae_tui.terminal.print_pictures import print_map

        print_map(points, probe.labels)
    print_lines(f"{output}: {about}" if output else about)


COMMANDS = (sample, morph, decode, draw_map)


def _check_output(output: Path | None, *suffixes: str) -> None:
    """Raise UsageError for a file with another suffix, or neither a file nor a terminal."""
    from vae_tui.export.output_file import check_output

    if output is not None:
        check_output(output, suffixes)
    elif not sys.stdout.isatty():
        raise UsageError(f"stdout is not a terminal: write to a file with -o FILE{suffixes[0]}")


def _run_and_network(runs_dir: Path, name: str | None, step: int | None) -> "tuple[Run, Network]":
    from vae_tui.model.network_at_step import network_at

    run = find(runs_dir, name)
    config = run.config()
    return run, network_at(run, config, step)


def _samples_of_codes(
    run: Run, network: "Network", source: str, seed: int, count: int, temperature: float
) -> tuple[str, "Floats"]:
    """Return codes (count, d) drawn from those of the test images, and what they are drawn from."""
    from vae_tui.latent.codes import aggregate, check_sampling
    from vae_tui.latent.posterior import posteriors
    from vae_tui.model.probe import load_probe

    check_sampling(count, seed, temperature)
    config = run.config()
    known = posteriors(network, load_probe(run.probe, config).images, config.model)
    if source == "posterior":
        return "the aggregate posterior", aggregate(seed, count, known, temperature)
    from vae_tui.latent.mixture_fit import fit

    mixture = fit(known)
    about = f"a mixture of {counted(len(mixture), 'Gaussian')} fitted to the codes"
    return about, mixture.draw(seed, count, temperature)


def _weights(run: Run, network: "Network") -> str:
    return f"weights of step {network.step} of {printable(run.name)}"


def _show(output: Path | None, pictures: "Bytes", columns: int, about: str) -> None:
    """Write pictures, uint8 (N, H, W), to the file, or print them if there is none."""
    if output:
        from vae_tui.export.picture_files import write_digits

        write_digits(output, pictures, columns, about)
    else:
        from vae_tui.terminal.print_pictures import print_digits

        print_digits(pictures)
    print_lines(f"{output}: {about}" if output else about)


def _flatten(means: "Floats", method: str) -> tuple["Floats", str]:
    """Return points (N, 2) for codes (N, d), and the name of the method."""
    if method == "tsne":
        from vae_tui.latent.tsne import embed

        return embed(means), "t-SNE"
    from vae_tui.latent.projection import pca

    found = pca(means)
    return found.points, f"PCA ({found.share:.0%} of the variance)"
