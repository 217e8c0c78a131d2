"""The run's test images, for map, morph and reconstructions."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes
from vae_tui.data.catalogue import class_names
from vae_tui.data.idx_format import load_test
from vae_tui.data.own.cache import read_part
from vae_tui.errors import VaeTuiError
from vae_tui.model.tensor_file import check_shape, read_tensors
from vae_tui.run.config import RunConfig

PROBE_IMAGES = 1_000
"""Images of the test set in a probe; all of them if there are fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Test images from a run folder, and their classes."""

    images: Bytes
    """uint8 (N, H, W), (N, H, W, 3) in colour."""
    labels: Bytes
    """(N,), each an index into ``classes``."""
    classes: tuple[str, ...]
    """Names of the data set's classes."""

    def of_class(self, label: int) -> NDArray[np.intp]:
        """Return the indices of the images of a class."""
        return np.flatnonzero(self.labels == label)

    def class_name(self, index: int) -> str:
        """Return the name of an image's class; without classes it is an image."""
        return self.classes[self.labels[index]] if self.has_classes else "image"

    @property
    def has_classes(self) -> bool:
        """Whether the images belong to several classes."""
        return len(self.classes) > 1


def load_probe(path: Path, config: RunConfig) -> Probe:
    """Read a run's probe; VaeTuiError when it cannot be read or has images of another shape."""
    shape, classes = config.image_shape, classes_of(config)
    shapes = {"images": (None, shape.pixels), "labels": (None,)}
    tensors, metadata = read_tensors(path, shapes, {"U8": "u1"}, np.uint8)
    check_shape(path, metadata, shape)
    images, labels = tensors["images"], tensors["labels"]
    if len(images) != len(labels) or not len(labels) or labels.max() >= len(classes):
        raise VaeTuiError(f"{path}: images and labels do not belong together")
    return Probe(images.reshape(-1, *shape.array), labels, classes)


def coming_probe(config: RunConfig) -> Probe:
    """Return the probe that a trainer is going to write, read from the run's data set.

    VaeTuiError when it cannot be read or has images of another shape.
    """
    shape, data_dir = config.image_shape, Path(config.data_dir)
    if config.data_checksum:
        part = read_part(data_dir, config.data_checksum, "test", shape)
        images, labels = part.images.reshape(-1, *shape.array), part.labels
    else:
        images, labels = load_test(config.dataset, data_dir)
    if images.shape[1:] != shape.array:
        raise VaeTuiError(f"{config.dataset} has images of another shape than {shape}")
    chosen = probe_indices(len(images), config)
    return Probe(images[chosen], labels[chosen], classes_of(config))


def probe_indices(count: int, config: RunConfig) -> NDArray[np.intp]:
    """Return the indices of a run's probe among its ``count`` test images.

    They are the first ones; of a user's own images, which are sorted by class, some of all.
    """
    return spread(count, PROBE_IMAGES) if config.data_checksum else np.arange(count)[:PROBE_IMAGES]


def spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most ``most`` of the indices 0 to ``count`` - 1, evenly spaced."""
    chosen = min(count, most)
    return np.arange(chosen) * count // max(chosen, 1)


def classes_of(config: RunConfig) -> tuple[str, ...]:
    """Return the names of the classes of a run's images."""
    return config.classes or class_names(config.dataset)
