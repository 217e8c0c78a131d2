"""One optimiser step after another on a device; on CUDA a step is replayed as one graph."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from vae_tui.model.gradient import Gradient, views
from vae_tui.model.vae import VAE
from vae_tui.training.ranks import Ranks

EAGER_STEPS = 3
"""Full batches before a graph is captured: kernels and workspaces are loaded by then."""

Capture = Callable[[Callable[[], object], Generator], Callable[[], object]]
"""Takes a function and the random numbers that it draws; returns what repeats its kernels."""


class Stepper:
    """Trains a model, batch by batch; nothing here waits for the device.

    Args:
        model: On the device of the images.
        images: uint8 (N, 784).
        batch_size: Images in a full batch, of all ranks together.
        lr: Of Adam.
        precision: ``fp32``, or ``bf16`` for the matrix products.
        reconstruction: ``bce`` or ``mse``.
        noise: Random numbers of the posterior samples.
        ranks: Who trains together.
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
        self._model = model
        self._images = images
        self._noise = noise
        self._ranks = ranks
        # Of one rank alone: a graph that waits for others is another matter.
        self._capture = capture if ranks.size == 1 else None
        self._gradient = Gradient(model, precision, reconstruction)
        self._optimizer = torch.optim.Adam(
            [self._gradient.weights],
            # A graph reads them where they lie: as tensors they can change under it.
            lr=torch.tensor(lr, device=device) if self._capture else lr,
            fused=True,
            capturable=self._capture is not None,
        )
        if self._capture:  # the first batches and ragged ones are taken eagerly, and on purpose
            warnings.filterwarnings("ignore", "This instance was constructed with capturable=True")
        # Added to step by step in double precision, so that where a chunk or a resumed run
        # begins changes no digit of an epoch's mean. Apple's GPUs have no doubles.
        exact = torch.float32 if device.type == "mps" else torch.float64
        self.sums = torch.zeros(2, dtype=exact, device=device)
        """Of the reconstruction and the KL of this rank's images since they were last set."""
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
        if len(rows) < len(self._rows):  # the last batch of an epoch
            self._step(rows)
        elif self._replay is not None:
            self._rows.copy_(rows)
            self._replay()
        else:
            self._step(rows)
            self._eager_steps += 1
            if self._capture is not None and self._eager_steps >= EAGER_STEPS:
                self._make_graph(self._capture)

    def set_lr(self, lr: float) -> None:
        """Train with this learning rate from now on."""
        group = self._optimizer.param_groups[0]
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr

    def state(self) -> dict[str, Any]:
        """Return the optimiser's state as Adam over the model's own parameters has it."""
        saved = self._optimizer.state_dict()
        (group,) = saved["param_groups"]
        count = len(list(self._model.parameters()))
        return {
            "state": dict(enumerate(self._moments(saved["state"]))),
            "param_groups": [{**group, "lr": float(group["lr"]), "params": list(range(count))}],
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned; KeyError, TypeError or RuntimeError if it is none."""
        self.set_lr(float(state["param_groups"][0]["lr"]))
        saved = [state["state"][index] for index in sorted(state["state"])]
        if not saved:  # of an untrained network
            return
        weights = self._gradient.weights
        moments = self._optimizer.state[weights]
        counter = torch.as_tensor(saved[0]["step"], dtype=torch.float32)
        moments["step"] = counter.to(weights.device, copy=True)
        for name in ("exp_avg", "exp_avg_sq"):
            moments[name] = torch.zeros_like(weights.detach())
            places = views(moments[name], self._model)
            for place, one in zip(places, saved, strict=True):
                place.copy_(one[name])

    def _step(self, rows: Tensor) -> None:
        # Every rank draws the noise of the whole batch and uses its share: the run does not
        # depend on how many processes train it.
        normal = self._normal[: len(rows)].normal_(generator=self._noise)
        pixels = self._images.index_select(0, self._ranks.part(rows))
        share = 1 / len(rows)
        terms = self._gradient.measure(pixels, self._ranks.part(normal), self._beta, share)
        self._ranks.add_up(self._gradient.values)
        self._optimizer.step()
        self.sums += torch.stack(terms)

    def _step_on_rows(self) -> None:
        self._step(self._rows)

    def _make_graph(self, capture: Capture) -> None:
        try:
            self._replay = capture(self._step_on_rows, self._noise)
        except RuntimeError as error:
            self._capture = None  # nothing of the step has run: each goes on eagerly
            warnings.warn(f"no CUDA graph, training is slower: {error}", stacklevel=2)

    def _moments(self, saved: dict[int, dict[str, Tensor]]) -> list[dict[str, Tensor]]:
        if not saved:
            return []
        (flat,) = saved.values()
        return [
            {"step": flat["step"], "exp_avg": mean, "exp_avg_sq": square}
            for mean, square in zip(
                views(flat["exp_avg"], self._model),
                views(flat["exp_avg_sq"], self._model),
                strict=True,
            )
        ]


def capture_on_cuda(step: Callable[[], object], noise: Generator) -> Callable[[], object]:
    """Return what repeats the kernels of ``step`` with one launch; RuntimeError if it cannot.

    Source:
        https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    """
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(noise)  # each replay draws anew from it
    with torch.cuda.graph(graph):
        step()
    replay: Callable[[], object] = graph.replay
    return replay
