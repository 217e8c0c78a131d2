"""The images that a command is given: files, folders, arrays."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli.console import print_error
from vae_tui.errors import UsageError

if TYPE_CHECKING:
    from vae_tui.arrays import Bytes
    from vae_tui.image_shape import ImageShape

images_argument = click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)


def given_images(paths: Sequence[Path], shape: "ImageShape") -> "Iterator[tuple[list[str], Bytes]]":
    """Yield blocks of images as a run takes them, with their names; say which cannot be read.

    UsageError if a path is not there, or no image can be read.
    """
    import numpy as np

    from vae_tui.data.own.convert import ConvertedImage, convert_blocks
    from vae_tui.data.own.source import open_images

    count = 0
    for path in paths:
        source = open_images(path)
        for block in convert_blocks(source, shape):
            images = [image for image in block if isinstance(image, ConvertedImage)]
            for name, why in (each for each in block if not isinstance(each, ConvertedImage)):
                print_error(f"{source.path / name} is {why}")
            if images:
                count += len(images)
                folder = source.path if source.array is None else source.path.parent
                names = [str(folder / image.name) for image in images]
                yield names, np.stack([image.pixels for image in images])
    if not count:
        raise UsageError("there is no image that can be read")
