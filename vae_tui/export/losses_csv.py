"""A run's losses as a table for other programs."""

import itertools
import math
from collections.abc import Iterator

from vae_tui.errors import UsageError
from vae_tui.export.output_file import csv_blocks
from vae_tui.run import series
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, decode
from vae_tui.run.files import read_lines
from vae_tui.run.folder import Run
from vae_tui.run.progress import Restarts

_WHEN = ("event", "time_unix_seconds", "step", "epoch")


def losses_csv(run: Run, config: RunConfig) -> Iterator[bytes]:
    """Return blocks of the losses as CSV, in the order in which they were measured.

    A row is a ``losses_measured`` (training) or an ``epoch_ended`` (its ``bce`` and ``kl`` are the
    epoch's training means); cells without a value are empty. The header names units.
    UsageError when none has been measured yet, or the log cannot be read.
    """
    names = list(dict.fromkeys(name for metric in series.SERIES for name in metric.columns(config)))
    try:
        rows = (
            _row(event, names, config) for event in _measurements(run, Restarts(_restarts(run)))
        )
        first = next(rows, None)
    except OSError as error:
        raise UsageError(f"{run.events} cannot be read: {error.strerror}") from None
    if first is None:
        raise UsageError(
            f"{run.name} has no losses yet; watch it with: vae-tui attach {run.reference()}"
        )
    return csv_blocks([*_WHEN, *names], itertools.chain([first], rows))


def _row(event: LossesMeasured | EpochEnded, names: list[str], config: RunConfig) -> list[object]:
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


def _measurements(run: Run, restarts: Restarts) -> Iterator[LossesMeasured | EpochEnded]:
    for number, line in enumerate(read_lines(run.events)):
        event = _decoded(line)
        if not isinstance(event, (LossesMeasured, EpochEnded)):
            continue
        if not restarts.is_void(number, event.step):
            yield event


def _restarts(run: Run) -> Iterator[tuple[int, RunStarted]]:
    for number, line in enumerate(read_lines(run.events)):
        if b'"run_started"' in line[:40] and isinstance(event := _decoded(line), RunStarted):
            yield number, event


def _decoded(line: bytes) -> Event | None:
    try:
        return decode(line)
    except ValueError:  # a torn or foreign line; the others are shown
        return None
