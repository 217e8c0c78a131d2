"""How the processes of one attempt find each other in a store that outlives them."""

import threading
from datetime import timedelta

import pytest
from support.processes import PATIENCE_SECONDS
from torch.distributed import HashStore

from vae_tui.training.distributed.meeting import meet

SECONDS = PATIENCE_SECONDS


def meet_in_threads(
    store: HashStore, order: tuple[int, ...], attempt: int = 0
) -> dict[int, list[bytes]]:
    """Let each rank, in this order, write an address; return those that each finds."""
    found: dict[int, list[bytes]] = {}

    def take_part(rank: int) -> None:
        part = meet(store, rank, len(order), SECONDS)
        part.set(f"address {rank}", f"{attempt}.{rank}")
        found[rank] = [part.get(f"address {each}") for each in sorted(order)]

    threads = [threading.Thread(target=take_part, args=(rank,)) for rank in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_each_attempt_gets_a_part_of_the_store_without_earlier_addresses(order):
    store = HashStore()
    store.set_timeout(timedelta(seconds=SECONDS))
    for attempt in range(3):
        everyone = [b"%d.%d" % (attempt, rank) for rank in sorted(order)]
        assert meet_in_threads(store, order, attempt) == dict.fromkeys(order, everyone)


def test_a_process_whose_rank_0_has_ended_meets_only_the_next_one():
    store = HashStore()
    store.set_timeout(timedelta(seconds=SECONDS))
    meet_in_threads(store, (0, 1))
    parts = {}
    early = threading.Thread(target=lambda: parts.update({1: meet(store, 1, 2, SECONDS)}))
    early.start()
    early.join(0.2)
    assert early.is_alive()
    meet(store, 0, 2, SECONDS).set("address 0", "new")
    early.join()
    assert parts[1].get("address 0") == b"new"


def test_waiting_for_rank_0_ends():
    store = HashStore()
    store.set_timeout(timedelta(seconds=SECONDS))
    meet_in_threads(store, (0, 1))
    with pytest.raises(RuntimeError, match="rank 0 has not answered"):
        meet(store, 1, 2, 0.2)
