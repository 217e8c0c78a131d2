"""Converts a user's own images once, and keeps them in the data folder."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vae_tui.arrays import Bytes
from vae_tui.data.catalogue import DESCRIPTION, own_folder
from vae_tui.data.own import pixels
from vae_tui.data.own.cache import PARTS
from vae_tui.data.own.pixels import Unusable
from vae_tui.data.own.source import Source
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.image_shape import LARGEST_SIDE, ImageShape

TEST_SHARE = 10
"""One in this many images is a test image."""
LEAST_IMAGES = 20
SMALLEST_SIDE, USUAL_SIDE = 8, 32
_VERSION = 1
"""Of the conversion: another one converts everything again."""
_SAMPLE = 64
"""Images that are examined to choose size and channels."""
_BLOCK = 64
"""Images that a thread converts at a time."""
_TEMPORARY, _ABANDONED_SECONDS = ".converting-", 3_600
"""Prefix of a folder that is being written; after this time its writer is taken to be dead."""
_MOST_NAMED = 1_000
"""Unusable files that are named in the description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a run records of its images."""

    checksum: str
    classes: tuple[str, ...]
    train: int
    """Number of images to train on."""
    test: int
    unusable: tuple[tuple[str, str], ...] = ()
    """Files that were left out, and why; the first thousand."""
    unusable_count: int = 0


Progress = Callable[[int, int], object]
"""Called with the number of images done, and of all."""


def choose_shape(source: Source, size: int | None) -> ImageShape:
    """Return the shape of size x size pixels to convert to; it is grey if the images are.

    A sample of them is examined. Without a ``size`` it is their own if they are small squares of
    one size, else 32.
    """
    found = list(_examined(source))
    if not found:
        raise UsageError(f"{source.path}: none of its images can be read")
    sizes = {each[:2] for each in found}
    (height, width), *others = sizes
    is_small = not others and height == width and SMALLEST_SIDE <= height <= LARGEST_SIDE
    side = size or (height if is_small else USUAL_SIDE)
    return ImageShape(side, side, 1 if all(grey for *_, grey in found) else 3)


def checksum_of(source: Source, shape: ImageShape) -> str:
    """Return what names these images, converted to this shape, in the data folder."""
    text = f"{_VERSION} {source.path} {source.signature} {shape}"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:24]


def convert(
    source: Source, shape: ImageShape, data_dir: Path, on_progress: Progress = lambda *_: None
) -> Converted:
    """Convert the images unless that was done; return what is known of them.

    A tenth of the images, chosen by their content, is for the test: an image stays there when
    others are added, and equal images are never on both sides.

    Raises:
        UsageError: There are too few images.
        VaeTuiError: The data folder cannot be written.
    """
    checksum = checksum_of(source, shape)
    folder = own_folder(data_dir, checksum)
    if (folder / DESCRIPTION).exists():
        return _described(folder, checksum)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = folder.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
        temporary.mkdir()
        _remove_abandoned(temporary)
        try:
            _write(source, shape, temporary, checksum, on_progress)
            _move(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise VaeTuiError(f"{folder.parent} cannot be written: {error.strerror}") from None
    return _described(folder, checksum)


def _remove_abandoned(temporary: Path) -> None:
    """Remove what killed conversions left beside a folder that was made just now."""
    now = temporary.stat().st_mtime  # by the clock of the file system, as the others
    for folder in temporary.parent.glob(f"{_TEMPORARY}*"):
        with contextlib.suppress(OSError):
            written = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if now - written > _ABANDONED_SECONDS:
                shutil.rmtree(folder)


def _examined(source: Source) -> Iterator[tuple[int, int, bool]]:
    """Yield height, width and whether it is grey, of a sample spread over all images."""
    stride = max(len(source) // _SAMPLE, 1)
    if source.array is not None:
        height, width = source.array.shape[1:3]
        for image in source.array[::stride]:
            colours = image if image.ndim == 3 else image[..., None]
            yield height, width, bool((np.ptp(colours.astype(int), axis=2) == 0).all())
        return
    for path in source.files[::stride]:
        try:
            with path.open("rb") as file:
                image = pixels.read_image(file)
                size = image.height, image.width
                yield *size, pixels.is_grey(image)
        except (OSError, Unusable):
            continue


def _write(
    source: Source, shape: ImageShape, folder: Path, checksum: str, on_progress: Progress
) -> None:
    counts, unusable, done = dict.fromkeys(PARTS, 0), [], 0
    with contextlib.ExitStack() as opened:
        files = {
            name: opened.enter_context((folder / name).open("wb"))
            for name in (f"{part}-{kind}" for part in PARTS for kind in ("images", "labels"))
        }
        for block in convert_blocks(source, shape):
            for image in block:
                if isinstance(image, ConvertedImage):
                    files[f"{image.part}-images"].write(image.pixels.tobytes())
                    files[f"{image.part}-labels"].write(bytes([image.label]))
                    counts[image.part] += 1
                else:
                    unusable.append(image)
            done += len(block)
            on_progress(done, len(source))
    usable = sum(counts.values())
    if usable < LEAST_IMAGES or not all(counts.values()):
        first = f"; {unusable[0][0]} is {unusable[0][1]}" if unusable else ""
        raise UsageError(
            f"{source.path}: {usable} usable images are too few, {LEAST_IMAGES} are needed{first}"
        )
    known = {
        "source": str(source.path), "checksum": checksum, "shape": str(shape), **counts,
        "classes": source.classes, "unusable_count": len(unusable),
        "unusable": unusable[:_MOST_NAMED],
    }  # fmt: skip
    (folder / DESCRIPTION).write_text(json.dumps(known, indent=1))


@dataclass(frozen=True, slots=True, eq=False)
class ConvertedImage:
    """An image of a source as a run takes it."""

    name: str
    """Its file, or its place in the array."""
    pixels: Bytes
    """uint8 (H, W), in colour (H, W, 3)."""
    label: int
    part: str
    """``train`` or ``test``."""


Block = list[ConvertedImage | tuple[str, str]]
"""Converted images; of an unusable one its name, and why."""


def convert_blocks(source: Source, shape: ImageShape) -> Iterator[Block]:
    """Yield blocks of converted images in the source's order.

    They are converted in as many threads as there are cores; a few blocks are kept in memory.
    """
    workers = os.cpu_count() or 1
    starts = range(0, len(source), _BLOCK)
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[Block]] = deque()
        for start in starts:
            pending.append(pool.submit(_block, source, shape, start))
            if len(pending) > 4 * workers:
                yield pending.popleft().result()
        for block in pending:
            yield block.result()


def _block(source: Source, shape: ImageShape, start: int) -> Block:
    found: Block = []
    for index in range(start, min(start + _BLOCK, len(source))):
        try:
            if source.array is not None:
                row = source.array[index]
                content, image = row.tobytes(), pixels.from_array(row, shape.height, shape.channels)
            else:
                file = source.files[index]
                content, image = pixels.read_file(file, shape.height, shape.channels)
        except Unusable as error:
            found.append((source.name_of(index), str(error)))
            continue
        digest = hashlib.blake2b(content, digest_size=8).digest()
        part = "test" if int.from_bytes(digest) % TEST_SHARE == 0 else "train"
        found.append(ConvertedImage(source.name_of(index), image, int(source.labels[index]), part))
    return found


def _move(temporary: Path, folder: Path) -> None:
    """Move a complete folder to its place, unless another process was faster."""
    try:
        temporary.rename(folder)
    except OSError:
        if not (folder / DESCRIPTION).is_file():
            shutil.rmtree(folder, ignore_errors=True)  # of a damaged one, the rest
            temporary.rename(folder)


def _described(folder: Path, checksum: str) -> Converted:
    try:
        known = json.loads((folder / DESCRIPTION).read_text())
        return Converted(
            checksum=checksum,
            classes=tuple(map(str, known["classes"])),
            train=int(known["train"]),
            test=int(known["test"]),
            unusable=tuple((str(name), str(why)) for name, why in known["unusable"]),
            unusable_count=int(known["unusable_count"]),
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise VaeTuiError(
            f"{folder} is damaged ({error!s:.120}): delete it, and the images are converted again"
        ) from None
