"""The table of series: every number measured while a run trains, one row each.

A new metric is a row here and the code that computes it. Events, the trainer's loss meter, the
CSV file, the charts and the shell's lines read the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from vae_tui.run.config import RunConfig

Per = Literal["step", "epoch"]


@dataclass(frozen=True, slots=True)
class Term:
    """The names of a reconstruction loss."""

    label: str
    """In charts."""
    name: str
    """In sentences."""
    objective: str
    """In sums such as bce+kl."""
    column: str
    """Part of the headings in the CSV file."""


RECONSTRUCTION_TERMS: Mapping[str, Term] = {
    "bce": Term("BCE", "BCE", "bce", "bce"),
    "mse": Term("SE/2", "squared error / 2", "se/2", "half_squared_error"),
    "gaussian": Term("Gaussian", "Gaussian loss", "gaussian", "gaussian_loss"),
}
"""By the value of ``--reconstruction``; SE/2 is half the squared error, summed over the pixels."""


class Measured(Protocol):
    """An event that holds values of series."""

    def value(self, name: str) -> float:
        """Return the value of the series of that name; NaN where the event has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One series."""

    name: str
    """Its field in the event and in the JSON line."""
    per: Per
    """``step``: a field of ``losses_measured``; ``epoch``: of ``epoch_ended``."""
    label: str = ""
    unit: str = ""
    column: str = ""
    """Heading in the CSV file; empty leaves it out. Two rows may share a column.

    ``{reconstruction}`` stands for the name of that term, ``{dimension}`` for 1, 2, ... of a series
    with one number for each latent dimension.
    """
    chart: str = ""
    """The chart that draws it; empty draws it nowhere."""
    role: Literal["train", "loss", "test"] = "train"
    """Its colour in a chart, and its form: points for ``test``, else a line."""
    mean_over: Literal["", "images", "steps"] = ""
    """What the trainer averages it over, since the last report; empty where it takes no mean."""
    only_with: str = ""
    """A field of the config; runs where it is 0 do not have the series. Empty: all runs have it."""

    derive: Callable[[Measured, RunConfig], float] | None = None
    """Computes it from the event's other series; None: the trainer measures it."""

    def value(self, event: Measured, config: RunConfig) -> float:
        """Return its value at an event; NaN where the event has none."""
        return self.derive(event, config) if self.derive else event.value(self.name)

    def is_in(self, config: RunConfig) -> bool:
        """Return whether a run has the series."""
        return not self.only_with or bool(getattr(config, self.only_with))

    def columns(self, config: RunConfig) -> list[str]:
        """Return its headings in the CSV file."""
        if not self.column or not self.is_in(config):
            return []
        dimensions = range(1, config.latent_dim + 1) if "{dimension}" in self.column else (1,)
        term = RECONSTRUCTION_TERMS[config.reconstruction]
        return [
            self.column.format(reconstruction=term.column, dimension=each) for each in dimensions
        ]


def _loss(reconstruction: str, kl: str) -> Callable[[Measured, RunConfig], float]:
    """Return what adds up both terms; an auto-encoder's loss has no KL in it."""

    def derive(event: Measured, config: RunConfig) -> float:
        return event.value(reconstruction) + (event.value(kl) if config.model == "vae" else 0.0)

    return derive


_NATS = "nats/image"

TRAIN_LOSS = Metric(name="train_loss", per="epoch", label="train loss", unit=_NATS,
                    derive=_loss("train_bce", "train_kl"))  # fmt: skip
TEST_LOSS = Metric(name="test_loss", per="epoch", label="test loss", unit=_NATS,
                   derive=_loss("test_bce", "test_kl"))  # fmt: skip
"""With z sampled: what the best weights are chosen by."""
TEST_LOSS_AT_MEAN = Metric(name="test_loss_at_mean", per="epoch", label="test loss", unit=_NATS,
                           derive=_loss("test_bce_at_mean", "test_kl"))  # fmt: skip
"""With z at the posterior's mean."""

SERIES: tuple[Metric, ...] = (
    Metric(name="bce", per="step", mean_over="images", unit=_NATS, chart="reconstruction",
           column="train_{reconstruction}_nats_per_image"),
    Metric(name="kl", per="step", mean_over="images", label="KL", unit=_NATS, chart="kl",
           column="train_kl_nats_per_image"),
    Metric(name="kl_in_loss", per="step", mean_over="images", label="in the loss", unit=_NATS,
           chart="kl", role="loss", column="train_kl_in_loss_nats_per_image",
           only_with="free_bits"),
    Metric(name="beta", per="step", label="beta", column="beta"),
    Metric(name="lr", per="step", label="lr", column="lr"),
    Metric(name="images_per_second", per="step", label="Speed", unit="images/s",
           chart="images_per_second", column="images_per_second"),
    Metric(name="gradient_norm", per="step", mean_over="steps", label="Gradient norm",
           chart="gradient_norm", column="gradient_norm"),
    Metric(name="memory_bytes", per="step", unit="bytes"),
    Metric(name="train_bce", per="epoch", unit=_NATS,
           column="train_{reconstruction}_nats_per_image"),
    Metric(name="train_kl", per="epoch", label="KL", unit=_NATS, column="train_kl_nats_per_image"),
    Metric(name="test_bce", per="epoch", unit=_NATS, chart="reconstruction", role="test",
           column="test_{reconstruction}_nats_per_image"),
    Metric(name="test_kl", per="epoch", label="KL", unit=_NATS, chart="kl", role="test",
           column="test_kl_nats_per_image"),
    Metric(name="test_bce_at_mean", per="epoch", unit=_NATS,
           column="test_{reconstruction}_at_mean_nats_per_image"),
    Metric(name="active_units", per="epoch", label="active units", column="active_units"),
    Metric(name="seconds", per="epoch", unit="s", column="seconds"),
    Metric(name="kl_per_dimension", per="epoch", label="KL", unit=_NATS,
           column="test_kl_z{dimension}_nats_per_image"),
    TRAIN_LOSS,
    TEST_LOSS,
    TEST_LOSS_AT_MEAN,
)  # fmt: skip
"""The rows, in the order of the CSV file's columns."""


def charts() -> tuple[str, ...]:
    """Return the names of all charts, in the order of the table."""
    return tuple(dict.fromkeys(metric.chart for metric in SERIES if metric.chart))


def drawn(per: Per, chart: str = "") -> tuple[Metric, ...]:
    """Return the rows that are drawn, in ``chart`` if one is named."""
    return tuple(
        metric
        for metric in SERIES
        if metric.per == per and metric.chart and metric.chart == (chart or metric.chart)
    )


def averaged() -> tuple[Metric, ...]:
    """Return the rows whose sums the trainer keeps on the device, in the order of the sums."""
    return tuple(metric for metric in SERIES if metric.mean_over)


def objective(config: RunConfig) -> str:
    """Return the sum that a test loss is, such as bce+kl; of an auto-encoder without the kl."""
    term = RECONSTRUCTION_TERMS[config.reconstruction].objective
    return f"{term}+kl" if config.model == "vae" else term
