"""Two processes that train together."""

import multiprocessing
import os
import socket

import pytest
import torch
from support.tiny_runs import (
    CPU,
    Ticker,
    at,
    change,
    command,
    finish,
    losses_of,
    tiny_config,
    tiny_trainer,
)

from vae_tui import worker
from vae_tui.training.process import failure_in_words
from vae_tui.training.ranks import Ranks
from vae_tui.training.trainer import CHUNK_SECONDS

CONFIG = tiny_config(batch_size=199)  # 3 images in the last batch: shares of 2 and 1
BETA = at(6), change("beta", 2.0)
STOP = at(5), command("stop")


def train_as_rank(rank: int, port: int, answers) -> None:
    """Train a run to its end, then one that is stopped; then rank 1 dies."""
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
    ranks = Ranks.from_environment()
    ranks.join(CPU)
    trainer = tiny_trainer(CONFIG, ranks=ranks)
    losses = losses_of(finish(trainer, *([] if rank else [BETA])))
    weights = sum(float(value.sum()) for value in trainer.model.state_dict().values())
    if rank == 0:
        ranks.keep_waiting()  # as on a full disk, while the other is in share
    shared = ranks.share("rank 0's" if rank == 0 else None)
    stopped = tiny_trainer(CONFIG, ranks=ranks, timer=Ticker(CHUNK_SECONDS))
    end = finish(stopped, *([] if rank else [STOP]))[-1]
    why = ""
    if rank == 0:
        try:
            ranks.sum(torch.zeros(1))
        except RuntimeError as error:
            why = failure_in_words(error, ranks)
    answers.put((rank, losses, weights, shared, (end.step, end.reason), why))
    worker.end(0)


@pytest.fixture(scope="module")
def answers():
    """Return what rank 0 and rank 1 put into the queue, in this order."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    queue = spawn.SimpleQueue()
    processes = [
        spawn.Process(target=train_as_rank, args=(rank, port, queue), daemon=True)
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    return sorted(queue.get() for _ in processes)


def test_two_processes_together_give_the_losses_of_one(answers):
    (_, first, first_weights, *_), (_, second, second_weights, *_) = answers
    alone = losses_of(finish(tiny_trainer(CONFIG), BETA))
    assert first_weights == second_weights
    for one, other in zip(alone, first, strict=True):
        for name in ("test_bce", "test_kl", "test_bce_at_mean"):
            assert other[name] == pytest.approx(one[name], rel=1e-4)
    for one, other in zip(alone[1:], first[1:], strict=True):
        for name in ("train_bce", "train_kl"):
            assert other[name] == pytest.approx(one[name], rel=1e-4)
    assert [losses["train_bce"] for losses in first] == [losses["train_bce"] for losses in second]


def test_a_stop_and_what_rank_0_shares_after_waiting_for_its_disk_reach_both(answers):
    for _, _, _, shared, end, _ in answers:
        assert shared == "rank 0's"
        assert end == (5, "stopped")


def test_the_death_of_a_process_is_reported_in_words(answers):
    assert answers[0][-1] == (
        "another of the 2 processes died or did not answer for 10 minutes; "
        "resume continues from the last save"
    )
