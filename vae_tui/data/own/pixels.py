"""One image of a user's own as pixels: cropped square, resized, 8 bits a channel."""

import io
import warnings
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vae_tui.arrays import Bytes

MOST_PIXELS = 80_000_000
"""Larger images are refused before they are decoded; one takes up to 0.3 GB."""
_DEEP_MODES = ("I", "F")
"""Pillow's modes of more than 8 bits a channel; I;16 begins with the first."""

# They are about metadata, and about sizes that are checked here. For the whole process, because
# warnings.catch_warnings is not thread-safe.
warnings.filterwarnings("ignore", module=r"PIL\.")


class Unusable(ValueError):
    """An image that cannot be used; the message says why in a few words."""


def read_image(file: IO[bytes]) -> Image.Image:
    """Open an image and check its size; nothing is decoded yet. `Unusable`."""
    try:
        image = Image.open(file)
    except Image.DecompressionBombError:
        raise Unusable("too large") from None
    except Exception as error:  # of any plugin
        raise Unusable("not an image that can be read") from error
    if image.format == "EPS":
        raise Unusable("PostScript, which only runs as a program")
    if image.width * image.height > MOST_PIXELS:
        raise Unusable(f"too large: {image.width}x{image.height}")
    return image


def decode(image: Image.Image, size: int, channels: int) -> Bytes:
    """Return the pixels (size, size), in colour (size, size, 3); `Unusable`.

    The first picture of several is taken, upright as EXIF says; what is transparent is black.
    """
    try:
        if image.format == "JPEG":
            # JPEG can be decoded at a half, a quarter and so on of its size, in less time.
            image.draft(None, (2 * size, 2 * size))
        image = ImageOps.exif_transpose(image)
        return squared(_eight_bits(image), size, channels)
    except Exception as error:  # truncated or damaged: any plugin raises its own errors
        raise Unusable(f"damaged: {' '.join(str(error).split()):.80}") from error


def from_array(pixels: NDArray[np.uint8], size: int, channels: int) -> Bytes:
    """Return the pixels of one image of an array, (H, W), (H, W, 1) or (H, W, 3), as `decode`."""
    plain = np.ascontiguousarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)
    if plain.shape == ((size, size) if channels == 1 else (size, size, channels)):
        return plain  # Pillow would take four times as long to do nothing
    return squared(Image.fromarray(plain), size, channels)


def squared(image: Image.Image, size: int, channels: int) -> Bytes:
    """Return an image of 8 bits cropped to the square in its middle and resized by area."""
    image = image.convert("L" if channels == 1 else "RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    if (image.width, image.height) != (size, size):
        image = image.resize((size, size), Image.Resampling.BOX, box=box)
    return np.asarray(image)


def is_grey(image: Image.Image) -> bool:
    """Return whether an image has no colours; it is decoded if its mode does not show that."""
    if image.mode.startswith(("1", "L", *_DEEP_MODES)):
        return True
    pixels = decode(image, 16, 3).astype(int)
    return bool((np.ptp(pixels, axis=2) <= 2).all())  # JPEG changes greys by one or two


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image whose channels have 8 bits, and that is not transparent."""
    if image.mode.startswith(_DEEP_MODES):
        values = np.nan_to_num(np.asarray(image, np.float64))
        highest = 1.0 if image.mode == "F" and values.max() <= 1 else 255.0
        highest = 65_535.0 if values.max() > 255 or image.mode.startswith("I;16") else highest
        return Image.fromarray(np.rint(values.clip(0, highest) * (255 / highest)).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    return image


def read_file(path: Path, size: int, channels: int) -> tuple[bytes, Bytes]:
    """Return the bytes of an image file and its pixels as `decode`; `Unusable`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unusable(error.strerror or "cannot be read") from None
    return content, decode(read_image(io.BytesIO(content)), size, channels)
