"""Graphs whose replays are counted: CUDA's own, on the CPU a stand-in that repeats operations."""

from collections.abc import Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vae_tui.training.step.cuda_graph import capture_on_cuda


class Recording(TorchDispatchMode):
    """Repeats what it saw as a CUDA graph does: same operations, same memory, same numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: list = []
        self._before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        for tensor in tensors((arguments, keywords)):
            storage = tensor.untyped_storage()
            self._before.setdefault(storage.data_ptr(), (storage, storage.clone()))
        result = function(*arguments, **(keywords or {}))
        self._seen.append((function, arguments, keywords or {}, result))
        return result

    def undo(self) -> None:
        """Restore all memory as it was: capturing on CUDA computes nothing."""
        for storage, before in self._before.values():
            storage.copy_(before)

    @torch.no_grad()
    def replay(self) -> None:
        for function, arguments, keywords, result in self._seen:
            again = function(*arguments, **keywords)
            for old, new in zip(tensors(result), tensors(again), strict=True):
                if new.data_ptr() != old.data_ptr():
                    old.copy_(new)


class Capture:
    """Makes graphs on a device; on the CPU recorded without letting the steps change anything."""

    def __init__(self, device: torch.device) -> None:
        self.replays: list[int] = []
        """How often each graph was replayed, in the order of their capture."""
        self._on_cuda = device.type == "cuda"

    def __call__(self, steps: Callable[[], object], noise: torch.Generator) -> Callable[[], None]:
        replay = capture_on_cuda(steps, noise) if self._on_cuda else recorded(steps, noise)
        index = len(self.replays)
        self.replays.append(0)

        def counted() -> None:
            self.replays[index] += 1
            replay()

        return counted


def recorded(steps: Callable[[], object], noise: torch.Generator) -> Callable[[], None]:
    before = noise.get_state()
    recording = Recording()
    with recording:
        steps()
    recording.undo()
    noise.set_state(before)
    return recording.replay


def tensors(values: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]
