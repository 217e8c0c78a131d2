"""Optimiser steps on a device; on CUDA a step is captured once and replayed as one graph."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from vae_tui.model.adam import MOMENTS, Adam
from vae_tui.model.gradient import gradient_for, views
from vae_tui.model.vae import VAE
from vae_tui.run.series import averaged
from vae_tui.training.distributed.ranks import Ranks

EAGER_STEPS = 3
"""Full batches before a graph is captured: kernels and workspaces are loaded by then."""
_BLOCKS = 64

Capture = Callable[[Callable[[], object], Generator], Callable[[], object]]
"""Takes a function and the generator that it draws from; returns what repeats its kernels."""


class Stepper:
    """Trains a model, batch by batch; nothing here waits for the device.

    Args:
        model: On the device of the images.
        images: uint8 (N, pixels of an image).
        batch_size: Images in a full batch, of all ranks together.
        lr: Adam's learning rate.
        precision: ``fp32``, or ``bf16`` for the matrix products.
        reconstruction: ``bce`` or ``mse``.
        noise: Generator of the posterior's noise.
        ranks: The processes that train together.
        capture: Makes graphs of full batches; None takes each step eagerly.
    """

    def __init__(
        self,
        model: VAE,
        images: Tensor,
        *,
        batch_size: int,
        lr: float,
        precision: str,
        reconstruction: str,
        noise: Generator,
        ranks: Ranks,
        capture: Capture | None,
    ) -> None:
        device = images.device
        self._parameters = list(model.parameters())
        self._images = images
        self._noise = noise
        self._ranks = ranks
        # Graphs on one rank only: collectives are not captured.
        self._capture = capture if ranks.size == 1 else None
        self._gradient = gradient_for(model, precision, reconstruction)
        self._adam = Adam([self._gradient.weights], lr, capturable=self._capture is not None)
        # Summed step by step in double precision, so that the mean of an epoch does not depend on
        # where a chunk or a resumed run begins. Apple's GPUs have no doubles.
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self._summed = [metric.name for metric in averaged()]
        self.sums = torch.zeros(len(self._summed), dtype=dtype, device=device)
        """Of the series that are averaged, this rank's part, since the caller zeroed them."""
        self._beta = torch.zeros((), device=device)
        self._beta_set = 0.0
        self._rows = torch.zeros(batch_size, dtype=torch.int64, device=device)
        self._normal = torch.empty((batch_size, model.latent_dim), device=device)
        self._eager_steps = 0
        self._replay: Callable[[], object] | None = None

    def take(self, rows: Tensor, beta: float) -> None:
        """Take one step on the images ``rows`` (B,), of all ranks, with this weight of the KL."""
        if beta != self._beta_set:
            self._beta_set = beta
            self._beta.fill_(beta)
        is_full = len(rows) == len(self._rows)  # the last batch of an epoch may be smaller
        if is_full and self._replay:
            self._rows.copy_(rows)
            self._replay()
            return
        self._step(rows)
        if is_full:
            self._eager_steps += 1
            if self._capture and self._eager_steps >= EAGER_STEPS:
                try:
                    self._replay = self._capture(lambda: self._step(self._rows), self._noise)
                except RuntimeError as error:
                    self._capture = None  # nothing has run while capturing: continue eagerly
                    warnings.warn(f"no CUDA graph, training is slower: {error}", stacklevel=2)

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """Sizes of a full batch and of the last one of an epoch, of all ranks together."""
        full = len(self._rows)
        return tuple(filter(None, (min(full, len(self._images)), len(self._images) % full)))

    def compute_gradient(self, batch_size: int) -> Tensor:
        """Return losses, norm and gradient of this rank's part of a batch; train nothing."""
        pixels = self._ranks.part(self._images[:batch_size])
        noise = torch.ones(len(pixels), self._normal.shape[1], device=pixels.device)
        losses = self._gradient.forward_backward(pixels, noise, self._beta, 1 / batch_size)
        values = self._gradient.values
        return torch.cat((torch.stack((*losses, _norm(values))), values))

    def set_lr(self, lr: float) -> None:
        """Train with this learning rate from now on."""
        self._adam.lr = lr

    def state(self) -> dict[str, Any]:
        """Return the optimiser's state in the form of torch's Adam over the model's parameters."""
        group = {**self._adam.options, "params": list(range(len(self._parameters)))}
        (step,) = self._adam.steps
        if not step:
            return {"state": {}, "param_groups": [group]}
        moments = zip(*(self._parts(name) for name in MOMENTS), strict=True)
        states = {
            index: {"step": step, **dict(zip(MOMENTS, each, strict=True))}
            for index, each in enumerate(moments)
        }
        return {"state": states, "param_groups": [group]}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from what `state` returned; KeyError, TypeError or RuntimeError if it is none.

        A captured graph keeps the optimiser's tensors: they are overwritten, never replaced.
        """
        self.set_lr(float(state["param_groups"][0]["lr"]))
        saved = [state["state"][index] for index in sorted(state["state"])]
        (step,) = self._adam.steps
        if not saved:  # of an untrained network
            for value in (step, *(part for name in MOMENTS for part in self._parts(name))):
                value.zero_()
            return
        step.fill_(float(saved[0]["step"]))
        for name in MOMENTS:
            for part, parameter_state in zip(self._parts(name), saved, strict=True):
                part.copy_(parameter_state[name])

    def _parts(self, name: str) -> list[Tensor]:
        (moment,) = self._adam.moments[name]
        return views(moment, self._parameters)

    def _step(self, rows: Tensor) -> None:
        # Every rank draws the noise of the whole batch and uses its share: the noise of an image
        # does not depend on the number of processes.
        normal = self._normal[: len(rows)].normal_(generator=self._noise)
        pixels = self._images.index_select(0, self._ranks.part(rows))
        losses = self._gradient.forward_backward(
            pixels, self._ranks.part(normal), self._beta, 1 / len(rows)
        )
        self._ranks.add_up(self._gradient.values)
        self._adam.step([self._gradient.values])
        values = dict(zip(("bce", "kl"), losses, strict=True))
        if "gradient_norm" in self._summed:
            # Every rank has the gradient of the whole batch; their sums are added up.
            values["gradient_norm"] = _norm(self._gradient.values) / self._ranks.size
        self.sums += torch.stack([values[name] for name in self._summed])


def _norm(flat: Tensor) -> Tensor:
    """Return the Euclidean norm, by blocks: a single sum depends on the number of threads.

    On 2 cores it takes 43 to 61 µs, less than 1 % of a step of the course's network.
    """
    end = len(flat) // _BLOCKS * _BLOCKS
    norms = torch.linalg.vector_norm(flat[:end].view(_BLOCKS, -1), dim=1)
    norm: Tensor = torch.linalg.vector_norm(torch.cat((norms, flat[end:])))
    return norm


def capture_on_cuda(step: Callable[[], object], noise: Generator) -> Callable[[], object]:
    """Return a function that repeats the kernels of ``step`` with one launch.

    Raises:
        RuntimeError: The step cannot be captured.

    Source:
        https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    """
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(noise)  # each replay draws new numbers from it
    with torch.cuda.graph(graph):
        step()
    replay: Callable[[], object] = graph.replay
    return replay
