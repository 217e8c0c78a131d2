"""Captures steps as a CUDA graph, so that one launch repeats all their kernels."""

from collections.abc import Callable

import torch
from torch import Generator

Capture = Callable[[Callable[[], object], Generator], Callable[[], object]]
"""Takes a function and the generator that it draws from; returns what repeats its kernels."""


def capture_on_cuda(steps: Callable[[], object], noise: Generator) -> Callable[[], object]:
    """Return a function that repeats the kernels of ``steps`` with one launch.

    torch captures all graphs on one stream, so that they share cuBLAS's workspace: two that are
    replayed at the same time, on two streams, wait for each other forever.

    Raises:
        RuntimeError: The steps cannot be captured; nothing of them has run, and neither the
            generator nor the current stream has changed.

    Source:
        https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    """
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(noise)  # each replay draws new numbers from it
    stream, state = torch.cuda.current_stream(), noise.clone_state()
    try:
        # Calls that other threads make to CUDA meanwhile, to read its memory for instance, do not
        # end the capture.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            steps()
    except RuntimeError:
        # A capture that was broken off leaves its own stream current, and the generator refuses
        # every eager draw: "Offset increment outside graph capture".
        torch.cuda.set_stream(stream)
        noise.graphsafe_set_state(state)
        raise
    replay: Callable[[], object] = graph.replay
    return replay
