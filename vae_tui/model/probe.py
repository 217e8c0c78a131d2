"""The run's test images: what map, morph and reconstructions draw from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes
from vae_tui.errors import VaeTuiError
from vae_tui.model.tensor_file import read_tensors
from vae_tui.run.config import PIXELS

_PROBE_SHAPES = {"images": (None, PIXELS), "labels": (None,)}


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Test images that every run folder carries: uint8 (N, 784), labels (N,) from 0 to 9."""

    images: Bytes
    labels: Bytes

    def of_class(self, label: int) -> NDArray[np.intp]:
        """Return the indices of the images of a class."""
        return np.flatnonzero(self.labels == label)


def load_probe(path: Path) -> Probe:
    """Read a run's probe; raises VaeTuiError when it is none."""
    tensors, _ = read_tensors(path, _PROBE_SHAPES, {"U8": np.uint8}, np.uint8)
    images, labels = tensors["images"], tensors["labels"]
    if len(images) != len(labels) or not len(labels) or labels.max() > 9:
        raise VaeTuiError(f"{path}: images and labels do not belong together")
    return Probe(images, labels)
