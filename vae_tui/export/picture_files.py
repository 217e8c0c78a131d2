"""Pictures as files: a grid or a strip as PNG, an interpolation as an animated GIF.

The same pictures give the same bytes.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vae_tui.arrays import Bytes
from vae_tui.export.output_file import check_output, write
from vae_tui.terminal.tiles import tile

FRAME_MILLISECONDS = 100
_LONGEST_SIDE = 16_384
"""Limit in pixels for a PNG; images are enlarged less to stay below it."""


def write_digits(path: Path, images: Bytes, columns: int, about: str) -> None:
    """Write images, uint8 (N, H, W), at least one: as PNG, or as the frames of a GIF.

    The suffix decides which, ``columns`` is for PNG, and ``about`` is kept inside the file.
    UsageError when the file is of another kind or cannot be written.
    """
    check_output(path, (".png", ".gif"))
    is_gif = path.suffix.lower() == ".gif"
    write(path, gif(images, about) if is_gif else png(images, columns, about))


def png(images: Bytes, columns: int, about: str = "", scale: int = 4) -> bytes:
    """Return images in a grid as PNG; a pixel becomes ``scale`` by ``scale``, or fewer."""
    picture = tile(images, columns)
    scale = max(min(scale, _LONGEST_SIDE // max(picture.shape)), 1)
    large = np.kron(picture, np.ones((scale, scale), np.uint8))
    return encoded(Image.fromarray(large), about)


def gif(images: Bytes, about: str = "", scale: int = 8) -> bytes:
    """Return images as a GIF that plays forwards and backwards in a loop."""
    enlarged = np.kron(images, np.ones((1, scale, scale), np.uint8))
    first, *others = map(Image.fromarray, [*enlarged, *enlarged[-2:0:-1]])
    buffer = io.BytesIO()
    how = {"duration": FRAME_MILLISECONDS, "loop": 0, "comment": about.encode()}
    first.save(buffer, "GIF", save_all=True, append_images=others, **how)
    return buffer.getvalue()


def encoded(picture: Image.Image, about: str) -> bytes:
    """Return a picture as PNG with its description inside."""
    notes = PngInfo()
    notes.add_text("Software", "vae-tui")
    if about:
        notes.add_itxt("Description", about)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=notes)
    return buffer.getvalue()
