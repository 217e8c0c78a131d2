"""A run's losses as a table for other programs."""

import contextlib
import math
from collections.abc import Iterator

from vae_tui.errors import UsageError
from vae_tui.export.output_file import csv_table
from vae_tui.run import series
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, decode
from vae_tui.run.files import read_lines
from vae_tui.run.folder import Run
from vae_tui.run.progress import in_force

_WHEN = ("event", "time_unix_seconds", "step", "epoch")


def losses_csv(run: Run, config: RunConfig) -> bytes:
    """Return the losses as CSV, in the order in which they were measured.

    A row is a ``losses_measured`` (training) or an ``epoch_ended`` (its ``bce`` and ``kl`` are the
    epoch's training means); cells without a value are empty. The header names units.
    UsageError when none has been measured yet, or the log cannot be read.
    """
    try:
        happened = in_force(_measurements(run))
    except OSError as error:
        raise UsageError(f"{run.events} cannot be read: {error.strerror}") from None
    names = list(dict.fromkeys(name for metric in series.SERIES for name in metric.columns(config)))
    rows = [_row(event, names, config) for event in happened if not isinstance(event, RunStarted)]
    if not rows:
        raise UsageError(
            f"{run.name} has no losses yet; watch it with: vae-tui attach {run.reference()}"
        )
    return csv_table([*_WHEN, *names], rows)


def _row(event: Event, names: list[str], config: RunConfig) -> list[object]:
    assert isinstance(event, (LossesMeasured, EpochEnded))
    per: series.Per = "step" if isinstance(event, LossesMeasured) else "epoch"
    kind = "losses_measured" if per == "step" else "epoch_ended"
    cells: dict[str, object] = {}
    for metric in series.SERIES:
        if metric.per == per:
            value: object = metric.value(event, config)
            values = value if isinstance(value, tuple) else (value,)
            cells.update(zip(metric.columns(config), values, strict=False))
    row = [kind, event.time, event.step, event.epoch, *(cells.get(name, "") for name in names)]
    return ["" if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row]


def _measurements(run: Run) -> Iterator[Event]:
    for line in read_lines(run.events):
        with contextlib.suppress(ValueError):  # a torn or foreign line; the others are shown
            event = decode(line)
            if isinstance(event, (RunStarted, LossesMeasured, EpochEnded)):
                yield event
