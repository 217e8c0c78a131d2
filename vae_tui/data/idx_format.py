"""Reads the idx format of MNIST and similar data sets as numpy arrays. Imports no torch."""

import gzip
import io
import lzma
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes
from vae_tui.data.catalogue import DATASETS, Dataset, find_file, resolve
from vae_tui.data.content import check_balance, check_content
from vae_tui.errors import VaeTuiError

_CHUNK_BYTES = 1 << 20
"""Decompressed at a time, so that a large file is never in memory twice."""


def load_test(name: str, data_dir: Path) -> tuple[Bytes, Bytes]:
    """Return the test images, uint8 (M, H, W), and labels (M,) of a data set.

    Raises:
        VaeTuiError: A file is missing, unreadable or damaged.
    """
    dataset = DATASETS[resolve(name, data_dir)]
    _, _, images, labels = locate(dataset, data_dir)
    count = dataset.test_count
    pixels = read_images(images, count, dataset)
    return pixels.reshape(count, *dataset.shape.array), read_labels(labels, count, dataset)


def locate(dataset: Dataset, data_dir: Path) -> list[Traversable]:
    """Return the four files of a data set: train images and labels, test images and labels.

    Raises:
        VaeTuiError: One is missing.
    """
    if dataset.folder is None:
        packaged = files("vae_tui.data") / "digits"
        return [packaged / f"{file}.xz" for file in dataset.files]
    raw_folder = dataset.raw_folder(data_dir)
    paths = [find_file(raw_folder, file) for file in dataset.files]
    missing = [file for file, path in zip(dataset.files, paths, strict=True) if path is None]
    if missing:
        raise VaeTuiError(
            f"{dataset.title} is not in {raw_folder} (no {missing[0]}): "
            f"`--dataset {dataset.name}` fetches it, --data-dir names another folder"
        )
    return [path for path in paths if path is not None]


def read_images(file: Traversable, count: int, dataset: Dataset) -> Bytes:
    """Return ``count`` images, (N, P); VaeTuiError when they cannot be read."""
    with _errors_in_one_line(file, dataset):
        images = _read_idx(file, (count, *dataset.shape.array), dataset)
    if dataset.is_transposed:
        for start in range(0, count, 4096):  # in blocks: no copy of the whole array
            block = images[start : start + 4096]
            block[...] = block.transpose(0, 2, 1)
    return images.reshape(count, dataset.shape.pixels)


def read_labels(file: Traversable, count: int, dataset: Dataset) -> Bytes:
    """Return ``count`` labels, each a class of the data set; VaeTuiError when that cannot be."""
    with _errors_in_one_line(file, dataset):
        labels = _read_idx(file, (count,), dataset)
        last = len(dataset.classes) - 1
        if labels.max() > last:
            index = int((labels > last).argmax())
            raise ValueError(f"label {index} is {labels[index]}, not 0 to {last}")
        if dataset.is_balanced:
            check_balance(labels, len(dataset.classes))
    return labels


def _read_idx(file: Traversable, shape: tuple[int, ...], dataset: Dataset) -> NDArray[np.uint8]:
    """Return the values of an idx file as an array.

    Raises:
        ValueError: It is not an idx file of bytes with this shape, has too few or many values, or
            others than the data set's.
        OSError, EOFError, zlib.error, lzma.LZMAError: It cannot be read or decompressed.

    Source:
        The idx format, http://yann.lecun.com/exdb/mnist: two zero bytes, 8 for unsigned bytes,
        the number of dimensions, each dimension as a big-endian uint32, the values row by row.
    """
    array = np.empty(shape, np.uint8)
    values = array.reshape(-1).data
    header_format = f">4B{len(shape)}I"
    header_bytes = struct.calcsize(header_format)
    # A gzip header can name a file in a gigabyte, and a gzip file can have empty members.
    most = array.nbytes + array.nbytes // 10 + _CHUNK_BYTES
    if isinstance(file, Path) and file.stat().st_size > most:
        raise ValueError(f"larger than {most:,} bytes")
    with file.open("rb") as compressed, _decompressed(file.name, compressed) as stream:
        header = stream.read(header_bytes)
        if not header:
            raise ValueError("empty")
        if header[:4] != bytes((0, 0, 8, len(shape))):
            raise ValueError(f"starts with {header[:4].hex(' ')}, not 00 00 08 {len(shape):02x}")
        if len(header) < header_bytes:
            raise ValueError("truncated in its header")
        dimensions = struct.unpack(header_format, header)[4:]
        if dimensions != shape:
            holds, expected = ("x".join(map(str, each)) for each in (dimensions, shape))
            raise ValueError(f"holds {holds} values, not {expected}")
        filled = 0
        while filled < len(values):
            arrived = stream.readinto(values[filled : filled + _CHUNK_BYTES])
            if not arrived:
                raise ValueError(f"truncated after {filled:,} of {len(values):,} values")
            filled += arrived
        if stream.read(1):  # reading to the end makes gzip and xz check their checksums
            raise ValueError(f"has more than its {len(values):,} values")
    check_content(file.name, dataset, header, values)
    return array


def _decompressed(file_name: str, stream: IO[bytes]) -> io.BufferedIOBase:
    if file_name.endswith(".gz"):
        return gzip.GzipFile(fileobj=stream)
    if file_name.endswith(".xz"):
        return lzma.LZMAFile(stream)
    return cast(io.BufferedIOBase, stream)


@contextmanager
def _errors_in_one_line(file: Traversable, dataset: Dataset) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        remedy = (
            "reinstall vae-tui"
            if dataset.folder is None
            else f"delete it and run with `--dataset {dataset.name}` to fetch it again"
        )
        raise VaeTuiError(f"{file} cannot be used: {reason}; {remedy}") from error
