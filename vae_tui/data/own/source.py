"""What is at a path given as a data set: the image files of a folder, or an array."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae_tui.arrays import Bytes
from vae_tui.data.catalogue import ARRAY_SUFFIXES
from vae_tui.errors import UsageError

MOST_CLASSES = 256
"""Labels are bytes."""
NO_CLASSES = ("images",)
"""Class names of images without classes: all are of this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Images that can be converted, and their classes."""

    path: Path
    signature: str
    """Differs when an image is added, removed or changed."""
    labels: Bytes
    """(N,), each an index into ``classes``."""
    classes: tuple[str, ...]
    files: tuple[Path, ...] = ()
    """Of a folder: one image each, sorted."""
    array: NDArray[np.uint8] | None = field(default=None, repr=False)
    """Of an array file: (N, H, W), in colour (N, H, W, 3)."""

    def __len__(self) -> int:
        return len(self.labels)

    def name_of(self, index: int) -> str:
        """Return the name of an image: its file in the folder, or its place in the array."""
        if self.array is not None:
            return f"{self.path.name}[{index}]"
        return str(self.files[index].relative_to(self.path))


def open_source(path: Path) -> Source:
    """Return what is at ``path``; UsageError, in one line, if these are no images."""
    if path.is_dir():
        return _folder(path)
    if path.suffix in ARRAY_SUFFIXES and path.is_file():
        return _array(path)
    what = "is neither a folder of images nor a .npy or .npz file" if path.exists() else "not found"
    raise UsageError(f"{path}: {what}")


def open_images(path: Path) -> Source:
    """Return what is at ``path``, which may be one image file too; UsageError as `open_source`."""
    if path.is_file() and path.suffix not in ARRAY_SUFFIXES:
        return Source(path.parent, "", np.zeros(1, np.uint8), NO_CLASSES, (path,))
    return open_source(path)


def _folder(path: Path) -> Source:
    endings = set(Image.registered_extensions())
    digest, files = hashlib.sha256(), []
    for file, status in _walk(path, set()):
        if file.suffix.lower() in endings:
            files.append((file.relative_to(path), status))
    if not files:
        raise UsageError(f"{path}: no image files in this folder")
    files.sort(key=lambda each: str(each[0]))
    for name, status in files:
        digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="replace"))
    first_folders = [name.parts[0] if len(name.parts) > 1 else "" for name, _ in files]
    labels, classes = _classes(first_folders)
    return Source(
        path, digest.hexdigest(), labels, classes, tuple(path / name for name, _ in files)
    )


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files in a folder and those inside it, hidden ones left out; links are followed."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:  # a cycle of links
        return
    seen.add((status.st_dev, status.st_ino))
    try:
        entries = list(os.scandir(folder))
    except OSError:  # may not be read: like a folder without images
        return
    for entry in entries:
        if entry.name.startswith((".", "__MACOSX")):
            continue
        try:
            if entry.is_dir():
                yield from _walk(Path(entry.path), seen)
            elif entry.is_file():
                yield Path(entry.path), entry.stat()
        except OSError:  # a link to nothing, or removed meanwhile
            continue


def _classes(names: list[str]) -> tuple[Bytes, tuple[str, ...]]:
    """Return labels, and the names of the classes, given each image's; "" is none."""
    classes = sorted(set(names), key=_natural)
    if "" in classes or not 2 <= len(classes) <= MOST_CLASSES:
        return np.zeros(len(names), np.uint8), NO_CLASSES
    number = {name: index for index, name in enumerate(classes)}
    return np.array([number[name] for name in names], np.uint8), tuple(classes)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts 2 before 10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _array(path: Path) -> Source:
    status = path.stat()
    try:
        # Nothing in the file is unpickled.
        content = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(content, np.ndarray):
            images, labels = content, None
        else:
            with content:
                images, labels = _members(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, EOFError, MemoryError, OverflowError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"{path} cannot be read: {why:.160}") from None
    except Exception as error:  # zipfile and zlib raise errors of their own
        raise UsageError(f"{path} is damaged: {error!s:.160}") from None
    _check(path, images)
    names = [""] * len(images)
    if labels is not None:
        if labels.shape != (len(images),):
            raise UsageError(
                f"{path}: labels of shape {labels.shape} for {len(images):,} images; "
                f"it should be ({len(images)},)"
            )
        names = [str(label) for label in labels.tolist()]
    numbers, classes = _classes(names)
    signature = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode()).hexdigest()
    return Source(path, signature, numbers, classes, array=np.asarray(images))


def _members(
    content: "np.lib.npyio.NpzFile",
) -> tuple[NDArray[np.uint8], NDArray[np.generic] | None]:
    """Return images and labels of an archive: the array ``images``, or the only one of images."""
    names = [name for name in content.files if name != "labels"]
    name = "images" if "images" in names else names[0] if len(names) == 1 else None
    if name is None:
        found = ", ".join(map(repr, names[:5])) or "nothing"
        raise ValueError(f"it holds {found}; call the array of the images 'images'")
    return content[name], content["labels"] if "labels" in content.files else None


def _check(path: Path, images: NDArray[np.generic]) -> None:
    if images.dtype != np.uint8:
        raise UsageError(f"{path} holds {images.dtype}; images should be uint8, 0 to 255")
    is_grey, is_colour = images.ndim == 3, images.ndim == 4 and images.shape[3] in (1, 3)
    if not (is_grey or is_colour) or 0 in images.shape:
        raise UsageError(
            f"{path} has the shape {images.shape}; it should be (N, H, W) or (N, H, W, 3)"
        )
