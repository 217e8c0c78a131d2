"""Lets the processes of one attempt find each other, and none of an earlier one.

torchrun keeps one store for all its restarts (torch 2.15), in which the addresses of processes
that have ended remain: one that starts early would connect to them and fail. The number of
restarts does not distinguish attempts: each machine's agent counts its own.
"""

import secrets
import time

from torch.distributed.distributed_c10d import PrefixStore, Store

_ATTEMPT, _PRESENT = "vae_tui/attempt", "present"
_POLL_SECONDS = 0.02


def meet(store: Store, rank: int, size: int, timeout: float) -> Store:
    """Return a part of the store for the processes that are alive now.

    Rank 0 names the attempt and lists the processes that have answered to this name; the others
    answer to each new name until they are listed. RuntimeError after ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    own = secrets.token_hex(8)
    if rank == 0:
        attempt = PrefixStore(own, store)
        store.set(_ATTEMPT, own)
        others = [str(other) for other in range(1, size)]
        attempt.wait(others)
        attempt.set(_PRESENT, ",".join(attempt.get(other).decode() for other in others))
        return attempt
    name = ""
    while time.monotonic() < deadline:
        if (newest := store.get(_ATTEMPT).decode()) != name:
            name = newest
            attempt = PrefixStore(name, store)
            attempt.set(str(rank), own)
        if attempt.check([_PRESENT]) and own in attempt.get(_PRESENT).decode().split(","):
            return attempt
        time.sleep(_POLL_SECONDS)
    raise RuntimeError("rank 0 has not answered")
