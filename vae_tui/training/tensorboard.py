"""A run's losses, samples and codes as TensorBoard's event files, in its folder ``tensorboard/``.

``events.jsonl`` stays the run's record; these files are a copy for another program.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterable
from pkgutil import resolve_name
from typing import Any

import torch
from torch import Tensor

from vae_tui.data.idx_files import Images
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model.probe import classes_of, probe_indices
from vae_tui.run.config import TENSORBOARD_MISSING
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, Measurement, RunEnded
from vae_tui.run.folder import Run, reason
from vae_tui.run.series import SERIES
from vae_tui.training.patient_writer import log
from vae_tui.training.random_streams import stream_seed
from vae_tui.training.save_schedule import TimeBudget
from vae_tui.training.trainer import Trainer

SAMPLES, SAMPLES_IN_A_ROW = 64, 8
SHARE, CREDIT = 0.01, 0.5
"""Fraction of the time for samples, and seconds allowed in advance: a grid takes 15 ms."""


class TensorBoardFiles:
    """Writes what happens in a run; rank 0 alone has one.

    Everything but losses is written when an epoch ends, and the files are flushed then; samples
    only as often as their share of the time allows. A write that fails ends the files, not the
    training. ``clock`` returns monotonic seconds, for that share.
    """

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        images: Images,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin files that void earlier ones of later steps; UsageError without the package."""
        try:
            new_writer = resolve_name("torch.utils.tensorboard:SummaryWriter")  # takes 0.4 s
        except ImportError:
            raise UsageError(TENSORBOARD_MISSING) from None
        self._trainer, config = trainer, trainer.config
        self._images = images
        generator = torch.Generator().manual_seed(stream_seed(config.seed, "tensorboard"))
        self._codes = torch.randn(SAMPLES, config.latent_dim, generator=generator).to(
            trainer.device
        )
        self._budget = TimeBudget(SHARE, CREDIT, lambda _: 0.0, clock)
        self._sampled_step = -1
        # A resume from step 0 repeats the test there; the tests of other steps are not repeated.
        first_repeated = trainer.step + 1 if trainer.step else 0
        folder = run.path / "tensorboard"
        purge = first_repeated if folder.exists() else None
        try:
            self._writer: Any = new_writer(folder, purge_step=purge)
        except OSError as error:
            raise VaeTuiError(f"{folder} cannot be written: {reason(error)}") from None

    def record(self, happened: Iterable[Event]) -> None:
        """Write the events of one chunk; call it before the run is saved after them."""
        if self._writer is None:
            return
        try:
            for event in happened:
                if isinstance(event, LossesMeasured | EpochEnded):
                    self._add_series(event)
                if isinstance(event, EpochEnded):
                    self._add_epoch(event)
                elif isinstance(event, RunEnded):
                    self._end(event)
        except OSError as error:
            log(f"{reason(error)}: no more TensorBoard files are written for this run")
            self._writer = None

    def close(self) -> None:
        """Write what is buffered, also of a training that failed; a second call does nothing."""
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer = None

    def _add_series(self, event: Measurement) -> None:
        """Write each number of the table of series under its own tag."""
        per = "step" if isinstance(event, LossesMeasured) else "epoch"
        for metric in SERIES:
            value = metric.value(event, self._trainer.config) if metric.per == per else math.nan
            if isinstance(value, int | float) and math.isfinite(value):
                tag = _tag(metric.name, per)
                self._writer.add_scalar(tag, value, event.step, walltime=event.time)

    def _add_epoch(self, event: EpochEnded) -> None:
        """Write the distribution of the KL over the dimensions, and samples if they are due."""
        kl = torch.tensor(event.kl_per_dimension)
        if torch.isfinite(kl).all() and len(kl):
            self._writer.add_histogram("test/kl_per_dimension", kl, event.step, walltime=event.time)
        if self._budget.is_due():
            with self._budget.working():
                self._add_samples(event)
        self._writer.flush()

    def _add_samples(self, event: Event) -> None:
        """Write a grid of samples, from the same codes at every step."""
        if event.step == self._sampled_step:
            return
        with torch.no_grad():
            pixels = torch.sigmoid(self._trainer.model.decode(self._codes)).cpu()
        if torch.isfinite(pixels).all():
            grid = _grid(self._pictures(pixels))
            self._writer.add_image("samples", grid, event.step, walltime=event.time)
            self._sampled_step = event.step

    def _end(self, event: RunEnded) -> None:
        """Write samples, and the means of q(z|x) of test images for TensorBoard's projector."""
        self._add_samples(event)
        chosen = torch.from_numpy(probe_indices(len(self._images.test), self._trainer.config))
        test = self._images.test[chosen].float() / 255
        names = classes_of(self._trainer.config)
        with torch.no_grad():
            means = self._trainer.model.encode(test.to(self._trainer.device)).mean.cpu()
        if torch.isfinite(means).all():
            labels = self._images.test_labels[chosen].tolist()
            self._writer.add_embedding(
                means,
                metadata=[names[label] for label in labels],
                label_img=self._pictures(test),
                global_step=event.step,
                tag="test_means",
            )
        self._writer.close()

    def _pictures(self, pixels: Tensor) -> Tensor:
        """Return pixels in [0, 1], (N, P), as (N, C, H, W)."""
        shape = self._images.shape
        return pixels.reshape(-1, shape.height, shape.width, shape.channels).permute(0, 3, 1, 2)


def _tag(name: str, per: str) -> str:
    """Return the tag of a series: ``train/bce``, ``test/bce``, ``epoch/seconds``."""
    if per == "step":
        return f"train/{name}"
    return f"test/{name.removeprefix('test_')}" if name.startswith("test_") else f"epoch/{name}"


def _grid(pictures: Tensor) -> Tensor:
    """Return pictures (N, C, H, W) side by side in one, (C, rows * H, columns * W)."""
    count, channels, height, width = pictures.shape
    rows = count // SAMPLES_IN_A_ROW
    grid = pictures.reshape(rows, SAMPLES_IN_A_ROW, channels, height, width)
    return grid.permute(2, 0, 3, 1, 4).reshape(channels, rows * height, SAMPLES_IN_A_ROW * width)
