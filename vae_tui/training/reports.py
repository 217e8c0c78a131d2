"""The events that report what a trainer measured."""

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import torch

from vae_tui.data.idx_files import Images
from vae_tui.evaluation.elbo import measure
from vae_tui.model.device import device_name, memory_in_use
from vae_tui.model.step_plan import StepPlan
from vae_tui.model.vae import VAE, reference_losses
from vae_tui.run.config import RunConfig
from vae_tui.run.events import Diverged, EpochEnded, Event, LossesMeasured, RunEnded, RunStarted
from vae_tui.run.lock.machine import host_name
from vae_tui.run.series import averaged
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.loss_meter import LossSums
from vae_tui.training.random_streams import stream_seed

_MEMORY_SECONDS = 1.0
"""Shortest time between two queries of the memory in use."""


class Reports:
    """Builds events from a trainer's numbers; measures the test set and the memory for them."""

    def __init__(
        self,
        config: RunConfig,
        images: Images,
        device: torch.device,
        plan: StepPlan,
        ranks: Ranks,
        clock: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        self._config = config
        self._images = images
        self._device = device
        self._plan = plan
        self._ranks = ranks
        self._clock = clock
        self._timer = timer
        self._test = images.test.to(device)
        self._steps_per_epoch = math.ceil(len(images.train) / config.batch_size)
        self._memory_bytes = 0
        self._memory_read_at = -math.inf

    def stamp(self, step: int) -> dict[str, Any]:
        """Return the fields that every event has."""
        return {"time": self._clock(), "step": step}

    def run_started(self, step: int, model: VAE, epochs: int, commands_from: int) -> RunStarted:
        """Report what is trained, and where; the last two are as in `RunStarted`."""
        floor = collapse = math.nan
        if self._ranks.rank == 0:  # the only one whose events are recorded
            floor, collapse = reference_losses(
                self._images.train, self._images.test, self._config.reconstruction
            )
        return RunStarted(
            **self.stamp(step),
            device=str(self._device),
            precision=self._plan.precision,
            gradient=self._plan.gradient,
            images=len(self._images.train),
            parameters=sum(value.numel() for value in model.parameters()),
            steps_per_epoch=self._steps_per_epoch,
            pid=os.getpid(),
            world_size=self._ranks.size,
            host=host_name(),
            device_name=device_name(self._device),
            restarts=self._ranks.restarts,
            commands_from=commands_from,
            threads=torch.get_num_threads(),
            epochs=epochs,
            test_images=len(self._test),
            floor=floor,
            collapse=collapse,
            image_shape=str(self._images.shape),
        )

    def losses_measured(self, step: int, sums: LossSums, beta: float, lr: float) -> LossesMeasured:
        """Report the means of ``sums``."""
        means = sums.means()
        return LossesMeasured(
            **self.stamp(step),
            epoch=step / self._steps_per_epoch,
            bce=means.pop("bce"),
            kl=means.pop("kl"),
            more={
                metric.name: means[metric.name]
                for metric in averaged()
                if metric.name in means and metric.is_in(self._config)
            },
            beta=beta,
            lr=lr,
            images_per_second=sums.images / sums.seconds,
            memory_bytes=self._memory_in_use(),
        )

    def epoch_ended(
        self, step: int, model: VAE, means: Mapping[str, float], seconds: float
    ) -> EpochEnded:
        """Measure the test set; report it beside the epoch's training ``means``, in nats.

        ``seconds`` is the duration of the epoch's training steps alone.
        """
        epoch = step // self._steps_per_epoch
        is_bf16 = self._plan.precision == "bf16"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=is_bf16):
            seed = stream_seed(self._config.seed, f"test of epoch {epoch}")
            test = measure(model, self._test, seed, self._config.reconstruction)
        return EpochEnded(
            **self.stamp(step),
            epoch=epoch,
            train_bce=means.get("bce", math.nan),
            train_kl=means.get("kl", math.nan),
            test_bce=test.bce,
            test_kl=test.kl,
            test_bce_at_mean=test.bce_at_mean,
            kl_per_dimension=test.kl_per_dimension,
            active_units=test.active_units,
            seconds=seconds,
        )

    def diverged(self, step: int, what: str, good_step: int, lr: float) -> list[Event]:
        """Report that the loss ``what`` is not finite, and the end of the run."""
        message = (
            f"{what} is not finite after step {step}; the weights of step {good_step} are kept; "
            f"resume with half the learning rate, {lr / 2:g}, or smaller"
        )
        return [
            Diverged(**self.stamp(step), what=what, last_good_step=good_step),
            RunEnded(**self.stamp(step), reason="failed", message=message),
        ]

    def _memory_in_use(self) -> int:
        now = self._timer()
        if now - self._memory_read_at > _MEMORY_SECONDS:
            self._memory_bytes, self._memory_read_at = memory_in_use(self._device), now
        return self._memory_bytes
