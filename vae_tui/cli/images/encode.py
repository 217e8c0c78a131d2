"""``vae-tui encode``."""

from pathlib import Path

import click

from vae_tui.cli import options
from vae_tui.cli.images.given import given_images, images_argument
from vae_tui.run.runs_folder import find
from vae_tui.text import counted


@click.command()
@options.required_run_argument
@images_argument
@options.runs_dir_option
@options.step_option
@options.output_option("a table as .csv, or arrays as .npz, instead of printing it")
def encode(
    run: str, paths: tuple[Path, ...], runs_dir: Path, step: int | None, output: Path | None
) -> None:
    """Print the mean and the deviation of the code of each image.

    PATH is an image in any format and size, a folder of images, or a .npy or .npz file.
    """
    from vae_tui.export.output_file import check_output

    if output is not None:
        check_output(output, (".csv", ".npz"))
    import numpy as np

    from vae_tui.export.codes_file import codes_csv, codes_npz
    from vae_tui.export.output_file import write
    from vae_tui.latent.posterior import posteriors
    from vae_tui.model.network_at_step import network_at

    found = find(runs_dir, run)
    config = found.config()
    network = network_at(found, config, step)
    names, means, deviations = [], [], []
    for some, images in given_images(paths, config.image_shape):
        encoded = posteriors(network, images, config.model)
        names += some
        means.append(encoded.means)
        deviations.append(encoded.deviations)
    codes = np.concatenate(means), np.concatenate(deviations)
    if output is None:
        click.echo(b"".join(codes_csv(names, *codes)).decode(), nl=False)
    else:
        is_table = output.suffix.lower() == ".csv"
        write(output, codes_csv(names, *codes) if is_table else codes_npz(names, *codes))
        click.echo(
            f"{output}: codes of {counted(len(names), 'image')}; weights of step {network.step}"
        )
