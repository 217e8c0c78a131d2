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


def epoch_order(seed: int, epoch: int, count: int) -> Tensor:
    """Return the rows of the training images in the order of an epoch, (N,) on the CPU.

    A resumed run needs no saved permutation, whatever its device.
    """
    return torch.randperm(count, generator=_order_generator(seed, epoch))


@functools.lru_cache(maxsize=1)
def block_order(seed: int, epoch: int, count: int, block: int, window: int) -> Tensor:
    """Return an order of an epoch that needs only a few parts of the file at a time, (N,).

    Blocks of ``block`` consecutive rows are put in random order, an incomplete one last. Then each
    window of ``window`` consecutive rows of the result is shuffled.
    """
    generator = _order_generator(seed, epoch)
    whole = count // block
    starts = torch.randperm(whole, generator=generator) * block
    order = torch.cat(
        ((starts[:, None] + torch.arange(block)).flatten(), torch.arange(whole * block, count))
    )
    for part in torch.split(order, window):
        part.copy_(part[torch.randperm(len(part), generator=generator)])
    return order


def _order_generator(seed: int, epoch: int) -> Generator:
    return Generator().manual_seed(stream_seed(seed, f"order of epoch {epoch}"))
