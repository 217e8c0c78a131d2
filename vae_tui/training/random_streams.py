"""The random numbers of a run: independent streams, each derived from the seed."""

import functools
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


@functools.lru_cache(maxsize=1)
def epoch_order(seed: int, epoch: int, count: int, device: torch.device) -> Tensor:
    """Return the rows of the training images in the order of an epoch, (N,) on the device.

    It is drawn on the CPU: a resumed run needs no saved permutation, whatever its device.
    """
    generator = Generator().manual_seed(stream_seed(seed, f"order of epoch {epoch}"))
    return torch.randperm(count, generator=generator).to(device)
