"""Pictures of digits as files: a grid or a strip as PNG, a way as an animated GIF.

Written whole or not at all, and the same bytes each time for the same pictures.
"""

import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vae_tui.arrays import Bytes
from vae_tui.export.output_file import check_output, write

SIDE = 28
FRAME_MILLISECONDS = 100
_LONGEST_SIDE = 16_384
"""Of a picture in pixels; above it digits are enlarged less."""


def write_digits(path: Path, images: Bytes, columns: int, about: str) -> None:
    """Write digits, uint8 (N, 784), ``columns`` a row, as PNG; or one after another as GIF.

    Args:
        path: Its suffix, ``.png`` or ``.gif``, decides.
        images: At least one.
        columns: For PNG.
        about: What it shows, kept inside the file.

    Raises:
        UsageError: The file is of another kind or cannot be written.
    """
    check_output(path, (".png", ".gif"))
    write(
        path, gif(images, about) if path.suffix.lower() == ".gif" else png(images, columns, about)
    )


def png(images: Bytes, columns: int, about: str = "", scale: int = 4) -> bytes:
    """Return digits in a grid; each pixel becomes ``scale`` by ``scale``, fewer in a large one."""
    picture = grid(images, columns)
    scale = max(min(scale, _LONGEST_SIDE // max(picture.shape)), 1)
    large = np.kron(picture, np.ones((scale, scale), np.uint8))
    return encoded(Image.fromarray(large), about)


def gif(images: Bytes, about: str = "", scale: int = 8) -> bytes:
    """Return digits as frames that run to the end and back, for ever."""
    there = list(images)
    frames = [
        Image.fromarray(np.kron(frame.reshape(SIDE, SIDE), np.ones((scale, scale), np.uint8)))
        for frame in [*there, *there[-2:0:-1]]
    ]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=FRAME_MILLISECONDS,
        loop=0,
        comment=about.encode(),
    )
    return buffer.getvalue()


def grid(images: Bytes, columns: int) -> NDArray[np.uint8]:
    """Return digits (N, 784) in one picture, ``columns`` a row; missing ones are black."""
    rows = math.ceil(len(images) / columns)
    tiles = np.zeros((rows * columns, SIDE, SIDE), np.uint8)
    tiles[: len(images)] = images.reshape(-1, SIDE, SIDE)
    # (rows, columns, y, x) -> (rows, y, columns, x)
    return tiles.reshape(rows, columns, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, -1)


def encoded(picture: Image.Image, about: str) -> bytes:
    """Return a picture as PNG with its description inside."""
    notes = PngInfo()
    notes.add_text("Software", "vae-tui")
    if about:
        notes.add_itxt("Description", about)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=notes)
    return buffer.getvalue()
