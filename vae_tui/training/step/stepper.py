"""Optimiser steps on a device; on CUDA they are captured once and replayed as one graph."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from vae_tui.model.adam import MOMENTS, Adam
from vae_tui.model.gradient import Gradient, views
from vae_tui.model.vae import VAE
from vae_tui.run.series import averaged
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.step.cuda_graph import Capture

EAGER_STEPS = 3
"""Full batches before a graph is captured: kernels and workspaces are loaded by then."""
_BLOCKS = 64


class Stepper:
    """Trains a model, batch by batch; nothing here waits for the device.

    Args:
        model: On the device of the images.
        gradient: Of this model.
        images: uint8 (N, pixels of an image); what they hold may change between calls.
        batch_size: Images in a full batch, of all ranks together.
        lr: Adam's learning rate.
        noise: Generator of the posterior's noise.
        ranks: The processes that train together.
        capture: Makes graphs of full batches; None takes each step eagerly.
        steps_per_graph: Steps that one graph takes, where as many are taken together.
    """

    def __init__(
        self,
        model: VAE,
        gradient: Gradient,
        images: Tensor,
        *,
        batch_size: int,
        lr: float,
        noise: Generator,
        ranks: Ranks,
        capture: Capture | None = None,
        steps_per_graph: int = 1,
    ) -> None:
        device = images.device
        self._parameters = list(model.parameters())
        self._images = images
        self._noise = noise
        self._ranks = ranks
        # Graphs on one rank only: collectives are not captured.
        self._capture = capture if ranks.size == 1 else None
        self._gradient = gradient
        self._batch_size = batch_size
        self._adam = Adam([self._gradient.weights], lr, capturable=self._capture is not None)
        # Summed step by step in double precision, so that the mean of an epoch does not depend on
        # where a chunk or a resumed run begins. Apple's GPUs have no doubles.
        dtype = torch.float32 if device.type == "mps" else torch.float64
        self._summed = [metric.name for metric in averaged()]
        self.sums = torch.zeros(len(self._summed), dtype=dtype, device=device)
        """Of the series that are averaged, this rank's part, since the caller zeroed them."""
        self._normal = torch.empty((batch_size, model.latent_dim), device=device)
        # What a graph of n steps reads: the first n betas and batches of rows.
        self._betas = torch.zeros(steps_per_graph, device=device)
        self._betas_set = [0.0] * steps_per_graph
        self._rows = torch.zeros((steps_per_graph, batch_size), dtype=torch.int64, device=device)
        self._eager_steps = 0
        self._graphs: dict[int, Callable[[], object]] = {}
        """By their numbers of steps, the largest first."""

    def take(self, rows: Tensor, betas: Sequence[float]) -> None:
        """Take a step on each successive batch of the images ``rows``, of all ranks.

        ``betas`` has the weight of the KL for each step. Only the last batch may be smaller than
        a full one.
        """
        taken = 0
        while taken < len(betas):
            left = rows[taken * self._batch_size :]
            full = len(left) // self._batch_size
            count = next((steps for steps in self._graphs if steps <= full), 0)
            self._set_betas(betas[taken : taken + max(count, 1)])
            if count:
                self._rows[:count].view(-1).copy_(left[: count * self._batch_size])
                self._graphs[count]()
            else:
                self._step(left[: self._batch_size], self._betas[0])
                if full:
                    self._eager_steps += 1
                    if self._capture and self._eager_steps >= EAGER_STEPS:
                        self._capture_graphs(self._capture)
            taken += max(count, 1)

    def compute_gradient(self, batch_size: int) -> Tensor:
        """Return losses, norm and gradient of this rank's part of a batch; train nothing."""
        pixels = self._ranks.part(self._images[:batch_size])
        noise = torch.ones(len(pixels), self._normal.shape[1], device=pixels.device)
        losses = self._gradient.forward_backward(pixels, noise, self._betas[0], 1 / batch_size)
        values = self._gradient.values
        return torch.cat((torch.stack((*losses, _norm(values))), values))

    def set_lr(self, lr: float) -> None:
        """Train with this learning rate from now on."""
        self._adam.lr = lr

    def state(self) -> dict[str, Any]:
        """Return the optimiser's state in the form of torch's Adam over the model's parameters."""
        group = {**self._adam.options, "params": list(range(len(self._parameters)))}
        step = self._adam.steps[0]
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
        if not saved:  # of an untrained network
            for value in (
                self._adam.steps,
                *(one for name in MOMENTS for one in self._parts(name)),
            ):
                value.zero_()
            return
        self._adam.steps.fill_(float(saved[0]["step"]))
        for name in MOMENTS:
            for part, parameter_state in zip(self._parts(name), saved, strict=True):
                part.copy_(parameter_state[name])

    def _parts(self, name: str) -> list[Tensor]:
        (moment,) = self._adam.moments[name]
        return views(moment, self._parameters)

    def _set_betas(self, betas: Sequence[float]) -> None:
        for index, beta in enumerate(betas):
            if beta != self._betas_set[index]:
                self._betas_set[index] = beta
                self._betas[index].fill_(beta)  # a copy from the CPU would wait for the device

    def _capture_graphs(self, capture: Capture) -> None:
        try:
            for count in sorted({1, len(self._betas)}, reverse=True):
                self._graphs[count] = capture(partial(self._steps, count), self._noise)
        except RuntimeError as error:
            self._capture = None  # nothing has run while capturing: continue eagerly
            self._graphs.clear()
            warnings.warn(f"no CUDA graph, training is slower: {error}", stacklevel=3)

    def _steps(self, count: int) -> None:
        for rows, beta in zip(self._rows[:count], self._betas[:count], strict=True):
            self._step(rows, beta)

    def _step(self, rows: Tensor, beta: Tensor) -> None:
        # Every rank draws the noise of the whole batch and uses its share: the noise of an image
        # does not depend on the number of processes.
        normal = self._normal[: len(rows)].normal_(generator=self._noise)
        pixels = self._images.index_select(0, self._ranks.part(rows))
        losses = self._gradient.forward_backward(
            pixels, self._ranks.part(normal), beta, 1 / len(rows)
        )
        self._ranks.add_up(self._gradient.values)
        self._adam.step([self._gradient.values])
        values = dict(zip(("bce", "kl", "kl_in_loss"), losses, strict=True))
        if "gradient_norm" in self._summed:
            norm, ranks = _norm(self._gradient.values), self._ranks.size
            # Every rank has the gradient of the whole batch; their sums are added up.
            values["gradient_norm"] = norm / ranks if ranks > 1 else norm
        self.sums += torch.stack([values[name] for name in self._summed])


def batch_sizes(images: int, batch_size: int) -> tuple[int, ...]:
    """Return the sizes of a full batch and of the last one of an epoch, of all ranks together."""
    return tuple(filter(None, (min(batch_size, images), images % batch_size)))


def _norm(flat: Tensor) -> Tensor:
    """Return the Euclidean norm, on the CPU by blocks: a single sum depends on its threads.

    On 2 cores it takes 43 to 61 µs, less than 1 % of a step of the course's network.
    """
    if flat.device.type != "cpu":
        whole: Tensor = torch.linalg.vector_norm(flat)
        return whole
    end = len(flat) // _BLOCKS * _BLOCKS
    norms = torch.linalg.vector_norm(flat[:end].view(_BLOCKS, -1), dim=1)
    norm: Tensor = torch.linalg.vector_norm(torch.cat((norms, flat[end:])))
    return norm
