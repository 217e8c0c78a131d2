"""How a run keeps a user's own images in memory: all of them, or a window at a time."""

import shutil
from pathlib import Path
from typing import NamedTuple

from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape
from vae_tui.text import byte_size

MEMORY_SHARE = 0.5
"""Images that take more than this share of the available memory are read in windows."""
WINDOW_BYTES, WINDOW_SHARE = 128 << 20, 1 / 8
"""Largest size of a window, and largest share of the available memory. Two are in memory."""
BLOCKS = 64
"""Blocks in a window: 2 MB each in the largest, read at half its full rate by a disk that seeks in
8 ms.
"""


class MemoryPlan(NamedTuple):
    """The size of a data set, and how a run reads it; the last two are in its config."""

    bytes: int
    """Of all images on disk; without windows in memory too."""
    shuffle_block: int = 0
    shuffle_window: int = 0

    def in_words(self, shape: ImageShape) -> str:
        """Return what it takes in memory."""
        if not self.shuffle_window:
            return "all of it in memory while a run trains"
        windows = byte_size(2 * self.shuffle_window * shape.pixels)
        return f"{windows} of it at a time in memory: all would take more than half of what is free"


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
