"""The processes that train together; in a single one, every exchange returns its argument."""

import os
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed

TIMEOUT = timedelta(minutes=10)
"""A rank that waits this long for another fails; torchrun then ends all of them.

Between two exchanges a rank computes for well under a second, or tests for a few. Rank 0 alone
may wait longer, while its disk is full: it then calls ``keep_waiting``.
"""
_RETRY_SECONDS = 0.5
_NOT_YET = "rank 0 is waiting for its disk"


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process's rank among ``size`` processes; only rank 0 writes the run folder."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Its rank on this machine, which chooses its device."""
    restarts: int = 0
    """How often torchrun has started the processes again."""

    @classmethod
    def from_environment(cls) -> "Ranks":
        """Read the variables that torchrun sets; without them, a single process."""
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "TORCHELASTIC_RESTART_COUNT")
        rank, size, local_rank, restarts = (int(os.environ.get(name) or 0) for name in names)
        return cls(rank, size or 1, local_rank, restarts)

    def join(self, device: torch.device) -> None:
        """Make the device the current one; connect to the other ranks, if there are any."""
        if device.type == "cuda":
            torch.cuda.set_device(device)  # where NCCL works and graphs are captured: not cuda:0
        if self.size > 1:
            backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
            distributed.init_process_group(backend, timeout=TIMEOUT)

    def leave(self) -> None:
        """Disconnect from the other ranks when rank 0 has written everything."""
        if self.size > 1:
            self.share(None)
            distributed.destroy_process_group()

    def share(self, value: Any) -> Any:
        """Return rank 0's ``value`` on every rank."""
        if self.size == 1:
            return value
        while (shared := _broadcast(value)) == _NOT_YET:
            pass
        return shared

    def keep_waiting(self) -> None:
        """Wait a moment on rank 0, while the others wait in ``share`` and do not time out."""
        if self.size > 1:
            _broadcast(_NOT_YET)
        time.sleep(_RETRY_SECONDS)

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of all ranks' tensors."""
        total = tensor.clone()
        self.add_up(total)
        return total

    def part(self, rows: Tensor) -> Tensor:
        """Return this rank's share of a batch's rows; shares differ by one row at most."""
        return rows if self.size == 1 else torch.tensor_split(rows, self.size)[self.rank]

    def add_up(self, tensor: Tensor) -> None:
        """Replace the tensor by the sum of all ranks' tensors."""
        if self.size > 1:
            distributed.all_reduce(tensor)


def _broadcast(value: Any) -> Any:
    box = [value]
    # Through Gloo on the CPU: ranks that wait for rank 0 keep no GPU busy.
    distributed.broadcast_object_list(box, src=0, device=torch.device("cpu"))
    return box[0]
