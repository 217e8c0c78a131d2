"""Converted images in the data folder: ``own/<checksum>/`` with raw bytes and a description."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_tui.arrays import Bytes
from vae_tui.data.catalogue import DESCRIPTION, own_folder
from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape

PARTS = ("train", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The images to train on, or those to test with."""

    images: Bytes
    """uint8 (N, P), mapped from the file: a changed value is not written to it."""
    labels: Bytes
    """(N,), each an index into the classes."""


def read_part(data_dir: Path, checksum: str, name: str, shape: ImageShape) -> Part:
    """Return the part ``train`` or ``test``; VaeTuiError if it is missing or damaged."""
    folder = own_folder(data_dir, checksum)
    try:
        description = json.loads((folder / DESCRIPTION).read_text())
        count = description[name]
        if description["shape"] != str(shape):
            raise VaeTuiError(f"{folder} has images of {description['shape']}, not {shape}")
        images = np.memmap(folder / f"{name}-images", np.uint8, "c", shape=(count, shape.pixels))
        labels = np.fromfile(folder / f"{name}-labels", np.uint8)
        if (folder / f"{name}-images").stat().st_size != images.nbytes or len(labels) != count:
            raise ValueError("its files have other sizes than it says")
        if labels.max() >= len(description["classes"]):
            raise ValueError("a label is not a class")
    except FileNotFoundError as error:
        raise VaeTuiError(
            f"the converted images are not in {folder}: no {error.filename}"
        ) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise VaeTuiError(
            f"{folder} is damaged ({error!s:.120}): delete it, and they are converted again"
        ) from None
    return Part(images, labels)
