"""Converts a user's own images for a run, with a progress bar."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli.console import print_error, progress_bar
from vae_tui.cli.data_set.memory_plan import MemoryPlan, check_disk
from vae_tui.data.catalogue import DESCRIPTION, is_present, own_folder
from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape
from vae_tui.run.config import RunConfig
from vae_tui.text import byte_size

if TYPE_CHECKING:
    from vae_tui.data.own.source import Source

_MOST_NAMED = 3
"""Files left out that are named on the terminal."""


def look_at(path: Path, size: int | None, channels: str) -> "tuple[Source, ImageShape]":
    """Return the images at a path and the shape they get; UsageError if there are none."""
    from vae_tui.data.own.convert import choose_shape
    from vae_tui.data.own.source import open_source

    source = open_source(path.expanduser().absolute())
    shape = choose_shape(source, size)
    if channels != "auto":
        shape = replace(shape, channels=int(channels))
    return source, shape


def convert_images(source: "Source", shape: ImageShape, data_dir: Path, plan: MemoryPlan) -> int:
    """Convert the images unless that was done; return how many there are to train on.

    Prints their size and which were left out. VaeTuiError if the disk has too little room.
    """
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    from vae_tui.data.own.convert import checksum_of, convert

    if not is_present("", data_dir, checksum_of(source, shape)):
        folder = own_folder(data_dir, "")
        check_disk(plan.bytes, folder)
        print_error(
            f"converting {len(source):,} images to {shape}: {byte_size(plan.bytes)} in "
            f"{click.format_filename(folder)}, {plan.in_words(shape)}"
        )
    with progress_bar("converting images", MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=None)
        found = convert(
            source,
            shape,
            data_dir,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if found.unusable_count:
        first = "; ".join(f"{name} is {why}" for name, why in found.unusable[:_MOST_NAMED])
        more = ""
        if found.unusable_count > _MOST_NAMED:
            where = own_folder(data_dir, found.checksum) / DESCRIPTION
            more = f"; the others are named in {click.format_filename(where)}"
        of = f"{found.unusable_count:,} of {len(source):,} files were left out"
        print_error(f"{of}: {first}{more}")
    return found.train


def convert_again(config: RunConfig, data_dir: Path) -> None:
    """Convert the images of a run again; VaeTuiError if they have changed since it began."""
    from vae_tui.data.own.convert import checksum_of
    from vae_tui.data.own.source import open_source

    source = open_source(Path(config.dataset))
    if checksum_of(source, config.image_shape) != config.data_checksum:
        raise VaeTuiError(
            f"the images in {config.dataset} have changed since the run began, and those that "
            f"were converted then are not in {own_folder(data_dir, config.data_checksum)}: "
            "give their data folder with --data-dir, or start a new run"
        )
    size = len(source) * config.image_shape.pixels
    plan = MemoryPlan(size, config.shuffle_block, config.shuffle_window)
    convert_images(source, config.image_shape, data_dir, plan)
