"""``vae-tui score``."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines
from vae_tui.cli.images.given import given_images, images_argument
from vae_tui.run.runs_folder import find
from vae_tui.text import counted, printable

if TYPE_CHECKING:
    from vae_tui.arrays import Bytes
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.probe import Probe

_COLUMNS = ("image", "percentile", "elbo_loss", "reconstruction", "kl", "energy")
_MOST_PICTURES = 64
"""In a PNG: of more images the most unusual ones."""


@click.command()
@options.required_run_argument
@images_argument
@options.runs_dir_option
@options.step_option
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@options.output_option("a table as .csv; or as .png each image, its reconstruction and the error")
def score(
    run: str,
    paths: tuple[Path, ...],
    runs_dir: Path,
    step: int | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Print how usual each image is to a run.

    PATH is an image in any format and size, a folder of images, or a .npy or .npz file. The
    losses are in nats. The energy is the reconstruction loss with z at the mean, less that of a
    perfect copy; the percentile says how many percent of the run's own test images have less.
    """
    from vae_tui.export.output_file import check_output, csv_table, write

    if output is not None:
        check_output(output, (".csv", ".png"))
    from vae_tui.model.network_at_step import network_at
    from vae_tui.model.probe import load_probe

    found = find(runs_dir, run)
    config = found.config()
    network = network_at(found, config, step)
    probe = load_probe(found.probe, config)
    shows_pictures = output is not None and output.suffix.lower() == ".png"
    rows, pictures = _scored(
        network, probe, given_images(paths, config.image_shape), config.reconstruction,
        keep_pictures=shows_pictures,
    )  # fmt: skip
    if as_json:
        plain = [{name: value if name == "image" else round(float(value), 4)
                  for name, value in row.items()} for row in rows]  # fmt: skip
        print_lines(*json.dumps(plain, indent=1).split("\n"))
    elif output is None or len(rows) == 1:
        print_lines(*_table(rows))
    if output is None:
        return
    about = (
        f"{counted(len(rows), 'image')}; weights of step {network.step} of {printable(found.name)}"
    )
    if shows_pictures:
        if len(rows) > _MOST_PICTURES:
            about = f"the {_MOST_PICTURES} most unusual of {about}"
        _write_pictures(
            output, network, _most_unusual(rows, pictures), config.reconstruction, about
        )
    else:
        write(output, csv_table(_COLUMNS, [list(row.values()) for row in rows]))
    if not as_json:
        print_lines(f"{output}: {about}")


def _scored(
    network: "Network",
    probe: "Probe",
    blocks: "Iterable[tuple[list[str], Bytes]]",
    reconstruction: str,
    *,
    keep_pictures: bool,
) -> "tuple[list[dict[str, Any]], list[Bytes]]":
    """Return a row for each image, and the images, a block each, if they are to be kept."""
    from threadpoolctl import threadpool_limits

    from vae_tui.latent.scores import energies, percentiles
    from vae_tui.latent.scores import score as score_images

    known = energies(network, probe.images, reconstruction)
    rows: list[dict[str, Any]] = []
    pictures: list[Bytes] = []
    for names, images in blocks:
        with threadpool_limits(1):  # the cores read images: more threads would wait for each other
            scores = score_images(network, images, reconstruction)
        columns: tuple[Iterable[Any], ...] = (
            names,
            percentiles(scores.energy, known),
            scores.elbo_loss,
            scores.loss,
            scores.kl,
            scores.energy,
        )
        rows += (dict(zip(_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True))
        if keep_pictures:
            pictures.append(images)
    return rows, pictures


def _most_unusual(rows: list[dict[str, Any]], pictures: "list[Bytes]") -> "Bytes":
    """Return the images, at most `_MOST_PICTURES`: of more those with the highest energy."""
    import numpy as np

    images = np.concatenate(pictures)
    if len(rows) <= _MOST_PICTURES:
        return images
    order = np.argsort([row["energy"] for row in rows], kind="stable")[::-1]
    return images[order[:_MOST_PICTURES]]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    """Return lines of aligned columns, the image last."""
    numbers = _COLUMNS[1:]
    lines = ["  ".join([*(f"{name:>{max(len(name), 9)}}" for name in numbers), "image"])]
    for row in rows:
        cells = [f"{row[name]:{max(len(name), 9)}.1f}" for name in numbers]
        lines.append("  ".join([*cells, printable(row["image"])]))
    return lines


def _write_pictures(
    output: Path, network: "Network", images: "Bytes", reconstruction: str, about: str
) -> None:
    """Write a row for each image: itself, its reconstruction, and their absolute difference."""
    import numpy as np

    from vae_tui.export.picture_files import write_digits
    from vae_tui.latent.posterior import error_map

    made, _ = network.reconstruct(images, reconstruction)
    errors = error_map(images, made)
    rows = np.stack([images, made, errors], axis=1).reshape(-1, *images.shape[1:])
    write_digits(output, rows, 3, f"image, reconstruction, error: {about}")
