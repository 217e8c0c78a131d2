"""The processes that train together; in a single one, every exchange returns its argument."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed
from torch.distributed.rendezvous import rendezvous

from vae_tui.errors import VaeTuiError
from vae_tui.text import duration
from vae_tui.training.distributed.launch import Launch
from vae_tui.training.distributed.meeting import meet

_RETRY_SECONDS = 0.5
_NOT_YET = "rank 0 is waiting for its disk"


class RankLost(VaeTuiError):
    """Another process has ended, hangs, or cannot be reached."""


@dataclass(frozen=True, slots=True)
class Ranks(Launch):
    """Exchanges values with the other processes; only rank 0 writes the run folder.

    Every method that exchanges something raises `RankLost`.
    """

    def join(self, device: torch.device) -> None:
        """Make the device the current one; connect to the other ranks, if there are any."""
        if device.type == "cuda":
            torch.cuda.set_device(device)  # where NCCL works and graphs are captured: not cuda:0
        if self.size == 1:
            return
        with self._exchange("the processes cannot connect to each other"):
            timeout = timedelta(seconds=self.timeout)
            address = f"tcp://{self.master}" if self.master else "env://"
            store, _, _ = next(rendezvous(address, self.rank, self.size, timeout=timeout))
            store.set_timeout(timeout)
            distributed.init_process_group(
                "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
                store=meet(store, self.rank, self.size, self.timeout),
                rank=self.rank,
                world_size=self.size,
                timeout=timeout,
            )

    def leave(self) -> None:
        """Disconnect from the other ranks when rank 0 has written everything."""
        if self.size > 1:
            self.share(None)
            distributed.destroy_process_group()

    def share(self, value: Any) -> Any:
        """Return rank 0's ``value`` on every rank."""
        if self.size == 1:
            return value
        while (shared := self._broadcast(value)) == _NOT_YET:
            pass
        return shared

    def keep_waiting(self) -> None:
        """Wait a moment on rank 0, while the others wait in ``share`` and do not time out."""
        if self.size > 1:
            self._broadcast(_NOT_YET)
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
            with self._exchange():
                distributed.all_reduce(tensor)

    def _broadcast(self, value: Any) -> Any:
        box = [value]
        with self._exchange():
            # Through Gloo on the CPU: ranks that wait for rank 0 keep no GPU busy.
            distributed.broadcast_object_list(box, src=0, device=torch.device("cpu"))
        return box[0]

    @contextlib.contextmanager
    def _exchange(self, failure: str = "") -> Iterator[None]:
        """Raise `RankLost` for errors of torch.distributed in a ``with`` block."""
        began = time.monotonic()
        try:
            yield
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # Gloo raises it plainly
            other = f"another of the {self.size} processes"
            if time.monotonic() - began >= self.timeout:
                why = f"{other} did not answer for {duration(self.timeout)}"
            else:
                why = failure or f"{other} has ended or is out of reach"
            raise RankLost(f"{why}; a resume continues from the last save") from error
