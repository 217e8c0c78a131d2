"""The images that a stepper trains on: all of them, or a window of an epoch's order at a time."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vae_tui.arrays import Bytes
from vae_tui.run.config import RunConfig
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.random_streams import block_order, epoch_order

DEVICE_SHARE = 0.5
"""Images that take more of a GPU's free memory stay in the host's."""
WINDOW_BYTES = 1 << 27
"""Size of the window on such a GPU."""

Order = Callable[[int], Tensor]
"""Returns an epoch's order: the numbers of the training images, (N,), on the CPU."""


class ImageFeed(Protocol):
    """Provides the images of an epoch in its order."""

    images: Tensor
    """uint8 (M, P) on the device; the storage never changes, so a CUDA graph can read it."""

    def rows(self, epoch: int, start: int, count: int) -> Tensor:
        """Return the rows of `images` that hold images ``start`` to ``start + count`` of the order.

        They are valid until the next call. Fewer are returned at the end of the epoch.
        """

    def longest(self, start: int) -> int:
        """Return how many images from ``start`` on can be requested together."""


class AllImages:
    """All images are on the device; ``images`` are uint8 (N, P)."""

    def __init__(self, images: Tensor, device: torch.device, order: Order) -> None:
        self.images = images.to(device)
        self._order = order
        self._epoch = -1
        self._rows = torch.empty(0, dtype=torch.int64)

    def rows(self, epoch: int, start: int, count: int) -> Tensor:
        """See `ImageFeed`."""
        if epoch != self._epoch:
            self._epoch, self._rows = epoch, self._order(epoch).to(self.images.device)
        return self._rows[start : start + count]

    def longest(self, start: int) -> int:
        """See `ImageFeed`."""
        return len(self.images) - start


class Windows:
    """``size`` images of the order are on the device; a thread reads the next ones meanwhile.

    It reads a window in the order of the file, so that blocks are read sequentially.

    ``images`` are uint8 (N, P) on the CPU, and may be mapped from a file.
    """

    def __init__(self, images: Tensor, device: torch.device, order: Order, size: int) -> None:
        shape = min(size, len(images)), images.shape[1]
        self.images = torch.zeros(shape, dtype=torch.uint8, device=device)
        self._all: Bytes = images.numpy()
        self._order = order
        self._size = size
        # Pinned memory is copied to a GPU faster.
        is_pinned = device.type == "cuda"
        self._next_images = torch.zeros(shape, dtype=torch.uint8, pin_memory=is_pinned)
        self._window = (-1, -1)
        """Epoch and number of the window in `images`."""
        self._rows = torch.empty(0, dtype=torch.int64)
        self._reader = ThreadPoolExecutor(1)
        self._reading: Future[Tensor] | None = None
        self._next_window = (-1, -1)
        """Epoch and number of the window that `_reading` reads into the next images."""

    def rows(self, epoch: int, start: int, count: int) -> Tensor:
        """See `ImageFeed`."""
        number, start = divmod(start, self._size)
        if (epoch, number) != self._window:
            self._load(epoch, number)
        return self._rows[start : start + count]

    def longest(self, start: int) -> int:
        """See `ImageFeed`."""
        return self._size - start % self._size

    def _load(self, epoch: int, number: int) -> None:
        """Copy a window to the device; begin to read the one after it."""
        rows = self._read_window(epoch, number).result()
        self.images[: len(rows)].copy_(self._next_images[: len(rows)])
        self._rows = rows.to(self.images.device)
        self._window = epoch, number
        is_last = (number + 1) * self._size >= len(self._all)
        self._read_window(*((epoch + 1, 0) if is_last else (epoch, number + 1)))

    def _read_window(self, epoch: int, number: int) -> Future[Tensor]:
        if self._reading is None or self._next_window != (epoch, number):
            self._next_window = epoch, number
            self._reading = self._reader.submit(self._read, epoch, number)
        return self._reading

    def _read(self, epoch: int, number: int) -> Tensor:
        """Read a window into the next images; return the row there of each image of the order."""
        order = self._order(epoch)[number * self._size :][: self._size]
        in_file, places = order.sort()
        # Not index_select: torch would read with as many threads as train.
        np.take(self._all, in_file.numpy(), 0, self._next_images[: len(order)].numpy(), mode="clip")
        rows = torch.empty_like(places)
        rows[places] = torch.arange(len(order))
        return rows


def feed_for(config: RunConfig, images: Tensor, device: torch.device, ranks: Ranks) -> ImageFeed:
    """Return the feed of a run; ``images`` are uint8 (N, P) on the CPU.

    Images that do not fit into a GPU are in windows too, in the order of a whole epoch.
    """
    seed, count = config.seed, len(images)
    whole = partial(epoch_order, seed, count=count)
    if window := config.shuffle_window:
        blocks = partial(block_order, seed, count=count, block=config.shuffle_block, window=window)
        return Windows(images, device, blocks, window)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # The ranks take as many steps together as one window has for them.
        if ranks.share(images.nbytes > DEVICE_SHARE * free):
            batches = max(WINDOW_BYTES // (images.shape[1] * config.batch_size), 1)
            return Windows(images, device, whole, batches * config.batch_size)
    return AllImages(images, device, whole)
