"""``vae-tui movie``: the same pictures through all kept steps of a run, as an animated GIF."""

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines, progress_bar
from vae_tui.cli.options import Choice, option
from vae_tui.text import printable

if TYPE_CHECKING:
    from PIL.Image import Image

    from vae_tui.latent.movie import Draw
    from vae_tui.model.probe import Probe
    from vae_tui.run.config import RunConfig
    from vae_tui.run.folder import Run

SUBJECTS = ("samples", "morph", "map")


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--of", "subject", type=Choice(SUBJECTS), default="samples",
        help="Samples from the same z, a morph of two digits, or the map.")  # fmt: skip
@option("--count", "-n", type=int, show_default="32; 8", help="Samples, or pictures of the morph.")
@option("--seed", type=int, default=1, help="Random seed of the samples' z.")
@option("--digits", nargs=2, metavar="A B", default=("3", "8"),
        help="Ends of the morph: classes, or test images as '#123' (quoted).")  # fmt: skip
@option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE",
        show_default="RUN-samples.gif and so on", help="The file, ending in .gif.")  # fmt: skip
def movie(
    run: str | None,
    runs_dir: Path,
    subject: str,
    count: int | None,
    seed: int,
    digits: tuple[str, str],
    output: Path | None,
) -> None:
    """Write a GIF of how a run learns.

    It shows the same picture at every kept step.
    """
    from vae_tui.export.movie_file import Scene
    from vae_tui.export.movie_file import movie as gif
    from vae_tui.export.output_file import check_output, write
    from vae_tui.run.runs_folder import find

    found = find(runs_dir, run)
    path = output or Path(f"{found.name}-{subject}.gif")
    check_output(path, (".gif",))
    config = found.config()
    if subject == "samples":
        steps, pictures, what = _samples(found, config, 32 if count is None else count, seed)
    elif subject == "morph":
        steps, pictures, what = _morph(found, config, 8 if count is None else count, digits)
    else:
        steps, pictures, what = _map(found, config)
    epochs = _epochs(found, config, steps)
    scenes = [
        Scene(picture, epoch, f"step {step:,}")
        for picture, epoch, step in zip(pictures, epochs, steps, strict=True)
    ]
    about = f"{what}; {len(scenes)} steps of {printable(found.name)}"
    write(path, gif(scenes, f"{printable(found.name)} · {what}", about))
    print_lines(f"{path}: {about}")


def _samples(
    run: "Run", config: "RunConfig", count: int, seed: int
) -> "tuple[list[int], list[Image], str]":
    """Return the steps, oldest first, their pictures, and what they show; as the next two."""
    from vae_tui.export.movie_file import digits_picture
    from vae_tui.latent.movie import samples

    steps, drawn = _drawn(run, config, samples(count, seed))
    columns = math.isqrt(2 * count - 1) + 1  # twice as wide as high
    pictures = [digits_picture(images, columns) for images in drawn]
    return steps, pictures, f"{count} samples, the same z at every step"


def _morph(
    run: "Run", config: "RunConfig", count: int, digits: tuple[str, str]
) -> "tuple[list[int], list[Image], str]":
    from vae_tui.export.movie_file import digits_picture
    from vae_tui.latent.morph import choose_ends
    from vae_tui.latent.movie import morph

    probe = _probe(run, config)
    ends = choose_ends(*digits, probe)
    steps, drawn = _drawn(run, config, morph(probe, ends, count))
    first, last = (probe.classes[probe.labels[index]] for index in ends)
    pictures = [digits_picture(images, count) for images in drawn]
    return steps, pictures, f"{first} becomes {last}"


def _map(run: "Run", config: "RunConfig") -> "tuple[list[int], list[Image], str]":
    from vae_tui.export.movie_file import map_pictures
    from vae_tui.latent.movie import AlignedMap

    probe = _probe(run, config)
    steps, drawn = _drawn(run, config, AlignedMap(probe))
    what = f"PCA of the means of {len(probe.labels):,} test images"
    return steps, map_pictures(drawn, probe.labels), what


def _drawn(run: "Run", config: "RunConfig", draw: "Draw[Any]") -> tuple[list[int], list[Any]]:
    """Return the kept steps, oldest first, and what each draws; shows the progress."""
    from rich.progress import MofNCompleteColumn

    from vae_tui.latent.movie import frames

    with progress_bar("drawing", MofNCompleteColumn()) as bar:
        found = list(bar.track(frames(run, config, draw), len(run.kept_steps()) + 1))
    return [step for step, _ in reversed(found)], [each for _, each in reversed(found)]


def _probe(run: "Run", config: "RunConfig") -> "Probe":
    from vae_tui.model.probe import load_probe

    return load_probe(run.probe, config)


def _epochs(run: "Run", config: "RunConfig", steps: list[int]) -> list[str]:
    """Return the epoch of each step as text, empty if the log does not say."""
    from vae_tui.run.progress import LogProgress, Progress

    log = LogProgress(run.events, Progress(run.name, config))
    with contextlib.suppress(OSError):
        log.read()
    if (started := log.progress.started) is None:
        return [""] * len(steps)
    epochs = [step / max(started.steps_per_epoch, 1) for step in steps]
    return [f"epoch {epoch:.2f}" if epoch % 1 else f"epoch {epoch:.0f}" for epoch in epochs]
