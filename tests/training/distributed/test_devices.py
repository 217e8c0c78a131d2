"""Which GPU each of several processes uses, on machines with pretended GPUs."""

import pytest
import torch
from support.tiny_runs import tiny_config

from vae_tui.errors import UsageError
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import device_for

CUDA = tiny_config(device="cuda")


@pytest.fixture
def gpus(monkeypatch):
    """Return a function that sets the number of GPUs that torch finds."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return lambda count: monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


def test_two_machines_with_one_gpu_each_train_together(gpus):
    gpus(1)
    assert device_for(CUDA, Ranks(rank=1, size=2, local_rank=0, local_size=1)) == "cuda:0"


def test_each_process_of_a_machine_has_a_gpu(gpus):
    gpus(2)
    assert device_for(CUDA, Ranks(rank=3, size=4, local_rank=1, local_size=2)) == "cuda:1"


def test_more_processes_than_gpus_are_refused_in_words(gpus):
    gpus(2)
    with pytest.raises(UsageError, match=r"^3 processes on .*: torch finds 2 CUDA devices there"):
        device_for(CUDA, Ranks(rank=0, size=3, local_rank=0, local_size=3))


def test_a_task_of_srun_that_is_bound_to_a_gpu_uses_it(gpus):
    gpus(1)
    task = Ranks(rank=1, size=2, local_rank=1, local_size=2, master="gpu01:20001")
    assert device_for(CUDA, task) == "cuda:0"
