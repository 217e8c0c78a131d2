"""Reads a data set as uint8 tensors. Imports no torchvision."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vae_tui.data.catalogue import DATASETS, Dataset, resolve
from vae_tui.data.idx_format import locate, read_images, read_labels
from vae_tui.data.own import cache
from vae_tui.errors import UsageError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """A data set in memory, on the CPU; all tensors are uint8."""

    train: Tensor
    """(N, P): P is ``shape.pixels``, row by row from the top, 0 is black."""
    train_labels: Tensor
    """(N,), each an index into the data set's ``classes``."""
    test: Tensor
    """(M, P)."""
    test_labels: Tensor
    """(M,)."""
    shape: ImageShape = DEFAULT_SHAPE


def load(name: str, data_dir: Path, shape: ImageShape | None = None, checksum: str = "") -> Images:
    """Return the data set ``name``, checked; with ``checksum`` a user's own images of ``shape``.

    Raises:
        UsageError: No data set has this name, or its images do not have the ``shape`` of a run.
        VaeTuiError: A file is missing, unreadable or damaged.
    """
    if checksum:
        return _own(data_dir, checksum, shape or DEFAULT_SHAPE)
    dataset = DATASETS[resolve(name, data_dir)]
    if shape is not None and shape != dataset.shape:
        raise UsageError(f"{dataset.title} has images of {dataset.shape}, the run's are {shape}")
    return read(dataset, data_dir)


def read(dataset: Dataset, data_dir: Path) -> Images:
    """Return the images and labels of a data set's four files; errors as in ``load``."""
    train, train_labels, test, test_labels = locate(dataset, data_dir)
    return Images(
        torch.from_numpy(read_images(train, dataset.train_count, dataset)),
        torch.from_numpy(read_labels(train_labels, dataset.train_count, dataset)),
        torch.from_numpy(read_images(test, dataset.test_count, dataset)),
        torch.from_numpy(read_labels(test_labels, dataset.test_count, dataset)),
        dataset.shape,
    )


def _own(data_dir: Path, checksum: str, shape: ImageShape) -> Images:
    # Mapped from files: more images than fit into memory can be trained on.
    train, test = (cache.read_part(data_dir, checksum, name, shape) for name in cache.PARTS)
    return Images(
        torch.from_numpy(train.images),
        torch.from_numpy(train.labels),
        torch.from_numpy(test.images),
        torch.from_numpy(test.labels),
        shape,
    )
