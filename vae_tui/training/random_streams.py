"""The random numbers of a run: independent streams, each derived from the seed."""

import hashlib

import torch
from torch import Generator, Tensor


def stream_seed(seed: int, purpose: str) -> int:
    """Return the seed of an independent stream of random numbers.

    Generators with the same seed repeat each other's numbers: the noise would equal the initial
    weights, and the order of one epoch that of a run whose seed is larger by one.
    """
    digest = hashlib.blake2b(f"{seed}: {purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


class Order:
    """The order of the training images in each epoch.

    It follows from seed and epoch alone and is drawn on the CPU, so a resumed run needs no saved
    permutation, whatever its device.
    """

    def __init__(self, seed: int, count: int, device: torch.device) -> None:
        self._seed = seed
        self._count = count
        self._device = device
        self._epoch = -1
        self._rows = torch.empty(0, dtype=torch.int64)

    def of(self, epoch: int) -> Tensor:
        """Return the rows of the images in their order, (N,) on the device."""
        if epoch != self._epoch:
            generator = Generator()
            generator.manual_seed(stream_seed(self._seed, f"order of epoch {epoch}"))
            rows = torch.randperm(self._count, generator=generator)
            self._rows = rows.to(self._device)
            self._epoch = epoch
        return self._rows
