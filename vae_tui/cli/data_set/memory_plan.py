"""How a run keeps a user's own images in memory: all of them, or a window at a time."""

import shutil
from pathlib import Path
from typing import NamedTuple

from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape
from vae_tui.text import byte_size

MEMORY_SHARE = 0.5
"""Images that take more of the available memory than this are read in windows."""
WINDOW_BYTES, BLOCKS = 128 << 20, 64
"""Of a window, and the blocks in it: of 2 MB, a disk that seeks in 8 ms reads at half its rate.

A window takes at most an eighth of the available memory; there are two, one being read.
"""
WINDOW_SHARE = 1 / 8


class MemoryPlan(NamedTuple):
    """What a data set takes."""

    bytes: int
    """Of all images, on disk and, without windows, in memory."""
    shuffle_block: int = 0
    """As in the run's config, like the next."""
    shuffle_window: int = 0

    def in_words(self, shape: ImageShape) -> str:
        """Return what it takes in memory."""
        if not self.shuffle_window:
            return "and as much memory"
        window = byte_size(2 * self.shuffle_window * shape.pixels)
        return f"{window} of it at a time in memory, as more than half of that would be taken"


def plan_memory(count: int, shape: ImageShape, batch_size: int, available: float) -> MemoryPlan:
    """Return the plan for ``count`` images on a machine with ``available`` bytes of memory."""
    total = count * shape.pixels
    if total <= MEMORY_SHARE * available:
        return MemoryPlan(total)
    largest = int(min(WINDOW_BYTES, WINDOW_SHARE * available))
    window = max(largest // (shape.pixels * max(batch_size, 1)), 1) * batch_size
    return MemoryPlan(total, max(window // BLOCKS, 1), window)


def check_disk(needed: int, folder: Path) -> None:
    """Raise VaeTuiError if the disk of a folder, which need not exist, has less than ``needed``."""
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise VaeTuiError(
            f"the converted images take {byte_size(needed)}, and {folder} has {byte_size(free)} "
            "free; give another folder with --data-dir, or a smaller --size"
        )
