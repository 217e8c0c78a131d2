"""Checks that a data set's file has the published content; damage need not change its size."""

import hashlib
import os
from pathlib import Path

import numpy as np

from vae_tui.arrays import Bytes
from vae_tui.data.catalogue import DATASETS, Dataset

UNCHECKED = "VAE_TUI_UNCHECKED_DATA"
"""Environment variable: not empty, any content is accepted."""


def check_content(file_name: str, dataset: Dataset, *parts: bytes | memoryview) -> None:
    """Check the content of a file, given in parts; nothing where the content is not known.

    It takes 0.05 s for 55 MB, so that it is done at every reading.

    Raises:
        ValueError: It is another content.
    """
    name = Path(file_name).stem if file_name.endswith(".gz") else file_name
    expected = dict(zip(dataset.files, dataset.content_ids, strict=False)).get(name)
    if expected is None or os.environ.get(UNCHECKED):
        return
    found = content_id(*parts)
    if found == expected:
        return
    other = next((one for one in DATASETS.values() if found in one.content_ids), None)
    if other is not None and other != dataset:
        raise ValueError(f"its content is {other.title}'s, which belongs into {other.folder}/raw")
    raise ValueError(
        f"its size is right, but its content is not {dataset.title}'s ({UNCHECKED}=1 accepts it)"
    )


def check_balance(labels: Bytes, classes: int) -> None:
    """Raise ValueError unless each of the ``classes`` has equally many labels.

    Source:
        EMNIST's digits are balanced: Cohen et al. 2017, https://arxiv.org/abs/1702.05373, table II.
    """
    counts = np.bincount(labels, minlength=classes)
    expected = len(labels) // classes
    if (counts != expected).any() and not os.environ.get(UNCHECKED):
        label = int((counts != expected).argmax())
        found = f"class {label} has {counts[label]:,} labels, not {expected:,}"
        raise ValueError(f"{found} ({UNCHECKED}=1 accepts it)")


def content_id(*parts: bytes | memoryview) -> str:
    """Return what ``git hash-object`` prints for a file, given in parts."""
    size = sum(len(part) for part in parts)
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
