"""Two processes that train together."""

import multiprocessing
import os
import socket
import time
from collections.abc import Sequence

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
from vae_tui.training.distributed.ranks import RankLost, Ranks
from vae_tui.training.trainer import CHUNK_SECONDS

CONFIG = tiny_config(batch_size=199, epochs=25)  # 3 images in the last batch: shares of 2 and 1
CONV = tiny_config(architecture="conv", latent_dim=20, hidden=128, batch_size=256, epochs=1)
"""A default network of convolutions: batches of 256, 256 and 88 images.

Its first steps amplify rounding: weights that differ by 1e-7 at first have KLs that differ by 5e-4
after two epochs, so it trains one.
"""
COMMANDS = (
    (at(2), change("beta", 2.0)),
    (at(3), command("pause")),
    (at(3), command("resume")),
    (at(4), change("lr", 5e-3)),
    (at(5), command("undo")),
)
LOSSES = "train_bce", "train_kl", "test_bce", "test_kl", "test_bce_at_mean"
STOP = at(5), command("stop")
SECONDS = 3.0


def train_as_rank(rank: int, ports: Sequence[int], answers) -> None:
    """Train a run to its end, then one that is stopped; then rank 1 hangs."""
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(ports[0])}
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
    ranks = Ranks.from_environment()
    ranks.join(CPU)
    trainer = tiny_trainer(CONFIG, ranks=ranks)
    losses = losses_of(finish(trainer, *([] if rank else COMMANDS)))
    weights = sum(float(value.sum()) for value in trainer.model.state_dict().values())
    convolutions = tiny_trainer(CONV, ranks=ranks)
    conv_losses = losses_of(finish(convolutions))
    if rank == 0:
        ranks.keep_waiting()  # as on a full disk, while the other is in share
    shared = ranks.share("rank 0's" if rank == 0 else None)
    stopped = tiny_trainer(CONFIG, ranks=ranks, timer=Ticker(CHUNK_SECONDS))
    end = finish(stopped, *([] if rank else [STOP]))[-1]
    ranks.leave()
    impatient = Ranks(rank, 2, master=f"127.0.0.1:{ports[1]}", timeout=SECONDS)
    impatient.join(CPU)
    try:
        time.sleep(rank * 1.3 * SECONDS)
        impatient.sum(torch.zeros(1))
        why = ""
    except RankLost as lost:
        why = str(lost)
    answers.put((rank, losses, weights, conv_losses, shared, (end.step, end.reason), why))
    worker.end(0)


@pytest.fixture(scope="module")
def answers():
    """Return what rank 0 and rank 1 put into the queue, in this order."""
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        ports = one.getsockname()[1], other.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    queue = spawn.SimpleQueue()
    processes = [
        spawn.Process(target=train_as_rank, args=(rank, ports, queue), daemon=True)
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    return sorted(queue.get() for _ in processes)


def test_two_processes_together_give_the_losses_of_one_whatever_they_are_sent(answers):
    (_, first, first_weights, *_), (_, second, second_weights, *_) = answers
    alone = losses_of(finish(tiny_trainer(CONFIG), *COMMANDS))
    assert first_weights == second_weights
    assert [losses["train_bce"] for losses in first] == [losses["train_bce"] for losses in second]
    assert len(first) == len(alone) == CONFIG.epochs + 1
    for one, other in zip(alone, first, strict=True):
        for name in LOSSES:
            assert one[name] == other[name] or other[name] == pytest.approx(one[name], rel=1e-5)


def test_two_processes_train_convolutions_as_one_does(answers):
    first, second = (answer[3] for answer in answers)
    alone = losses_of(finish(tiny_trainer(CONV)))
    assert first == second
    assert len(first) == len(alone) == CONV.epochs + 1
    for one, other in zip(alone, first, strict=True):
        for name in LOSSES:
            assert one[name] == other[name] or other[name] == pytest.approx(one[name], rel=1e-4)


def test_a_stop_and_what_rank_0_shares_after_waiting_for_its_disk_reach_both(answers):
    for *_, shared, end, _ in answers:
        assert shared == "rank 0's"
        assert end == (5, "stopped")


def test_a_process_that_hangs_and_a_closed_connection_are_reported_in_words(answers):
    after = "; a resume continues from the last save"
    assert answers[0][-1] == f"another of the 2 processes did not answer for 3.0 s{after}"
    assert answers[1][-1] == f"another of the 2 processes has ended or is out of reach{after}"
