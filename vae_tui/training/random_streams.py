"""Random numbers of a run: streams that have nothing to do with each other, each from the seed."""

import hashlib

import torch
from torch import Generator, Tensor


def stream_seed(seed: int, purpose: str) -> int:
    """Return the seed of a stream of random numbers that has nothing to do with the others.

    Generators given the same seed, or seeds nearby, would repeat each other's numbers: the noise
    those of the initial weights, one epoch's order those of another run's.
    """
    digest = hashlib.blake2b(f"{seed}: {purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


class Order:
    """The order of the training images in each epoch.

    From seed and epoch alone, and drawn on the CPU: a run that goes on, on whatever device, needs
    no saved permutation.
    """

    def __init__(self, seed: int, count: int, device: torch.device) -> None:
        self._seed = seed
        self._count = count
        self._device = device
        self._epoch = -1
        self._rows = torch.empty(0, dtype=torch.int64)

    def of(self, epoch: int) -> Tensor:
        """Return the images' rows, (N,) on the device."""
        if epoch != self._epoch:
            generator = Generator()
            generator.manual_seed(stream_seed(self._seed, f"order of epoch {epoch}"))
            rows = torch.randperm(self._count, generator=generator)
            self._rows = rows.to(self._device)
            self._epoch = epoch
        return self._rows
