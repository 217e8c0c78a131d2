"""A run's weights as other programs read them, and its losses as a table."""

import math

from vae_tui.errors import UsageError
from vae_tui.export.output_file import csv_table
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, decode, in_force
from vae_tui.run.files import read_lines
from vae_tui.run.folder import Run


def losses_csv(run: Run, config: RunConfig) -> bytes:
    """Return the losses as CSV, in the order in which they were measured.

    A row is a ``losses_measured`` (training) or an ``epoch_ended`` (its ``bce`` and ``kl`` are the
    epoch's training means); what one of them lacks is empty. The header names units.

    Raises:
        UsageError: None has been measured yet.
    """
    happened = _in_force(run)
    if not happened:
        raise UsageError(f"{run.name} has no losses yet; see how it is: vae-tui attach {run.name}")
    loss = "bce" if config.reconstruction == "bce" else "half_squared_error"
    names = [
        *("event", "time_unix_seconds", "step", "epoch"),
        *(f"train_{loss}_nats_per_image", "train_kl_nats_per_image"),
        *("beta", "lr", "images_per_second"),
        *(f"test_{loss}_nats_per_image", "test_kl_nats_per_image"),
        *(f"test_{loss}_at_mean_nats_per_image", "active_units", "seconds"),
        *(f"test_kl_z{number}_nats_per_image" for number in range(1, config.latent_dim + 1)),
    ]
    rows = ([_shown(value) for value in _row(event, config.latent_dim)] for event in happened)
    return csv_table(names, rows)


def _row(event: LossesMeasured | EpochEnded, latent_dim: int) -> list[object]:
    when = [event.time, event.step, event.epoch]
    if isinstance(event, LossesMeasured):
        settings = [event.beta, event.lr, event.images_per_second]
        return ["losses_measured", *when, event.bce, event.kl, *settings, *[""] * (5 + latent_dim)]
    train = [event.train_bce, event.train_kl]
    test = [event.test_bce, event.test_kl, event.test_bce_at_mean]
    split = [*event.kl_per_dimension[:latent_dim], *[""] * latent_dim][:latent_dim]
    ends = [*test, event.active_units, event.seconds]
    return ["epoch_ended", *when, *train, "", "", "", *ends, *split]


def _shown(value: object) -> object:
    return "" if isinstance(value, float) and not math.isfinite(value) else value


def _in_force(run: Run) -> list[LossesMeasured | EpochEnded]:
    """Return the losses without those that a later run_started made void."""
    happened = map(_event, read_lines(run.events))
    wanted = (RunStarted, LossesMeasured, EpochEnded)
    try:
        left = in_force(event for event in happened if isinstance(event, wanted))
    except OSError as error:
        raise UsageError(f"{run.events} cannot be read: {error.strerror}") from None
    return [event for event in left if isinstance(event, (LossesMeasured, EpochEnded))]


def _event(line: bytes) -> Event | None:
    try:
        return decode(line)
    except ValueError:  # a torn or foreign line; the others are shown
        return None
