"""A run's losses as a table for other programs."""

import itertools
import math
from collections.abc import Callable, Iterator

from vae_tui.errors import UsageError
from vae_tui.export.output_file import csv_blocks
from vae_tui.run import series
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, LossesMeasured, Measurement, decode
from vae_tui.run.files import read_lines
from vae_tui.run.folder import Run
from vae_tui.run.log.restarts import Restarts

_WHEN = ("event", "time_unix_seconds", "step", "epoch")


def losses_csv(run: Run, config: RunConfig) -> Iterator[bytes]:
    """Return blocks of the losses as CSV, in the order in which they were measured.

    A row is a ``losses_measured`` (training) or an ``epoch_ended`` (its ``bce`` and ``kl`` are the
    epoch's training means); cells without a value are empty. The header names units.
    UsageError when none has been measured yet, or the log cannot be read.
    """
    names = list(dict.fromkeys(name for metric in series.SERIES for name in metric.columns(config)))
    row = _row_maker(names, config)
    try:
        rows = map(row, _measurements(run, Restarts(read_lines(run.events))))
        first = next(rows, None)
    except OSError as error:
        raise UsageError(f"{run.events} cannot be read: {error.strerror}") from None
    if first is None:
        raise UsageError(
            f"{run.name} has no losses yet; watch it with: vae-tui attach {run.reference()}"
        )
    return csv_blocks([*_WHEN, *names], itertools.chain([first], rows))


def _row_maker(names: list[str], config: RunConfig) -> Callable[[Measurement], list[object]]:
    """Return what makes a row of an event; there are millions, so it searches no name."""
    place_of = {name: place for place, name in enumerate(names, len(_WHEN))}
    places: dict[series.Per, list[tuple[series.Metric, list[int]]]] = {"step": [], "epoch": []}
    for metric in series.SERIES:
        if metric.column:
            cells = [place_of[name] for name in metric.columns(config)]
            places[metric.per].append((metric, cells))
    empty = [""] * len(names)

    def row_of(event: Measurement) -> list[object]:
        per: series.Per = "step" if isinstance(event, LossesMeasured) else "epoch"
        kind = "losses_measured" if per == "step" else "epoch_ended"
        row = [kind, _cell(event.time), event.step, _cell(event.value("epoch")), *empty]
        for metric, cells in places[per]:
            value: object = metric.value(event, config)
            values = value if isinstance(value, tuple) else (value,)
            for cell, number in zip(cells, values, strict=False):  # a foreign log has others
                row[cell] = _cell(number)
        return row

    return row_of


def _cell(number: float) -> object:
    return number if math.isfinite(number) else ""


def _measurements(run: Run, restarts: Restarts) -> Iterator[Measurement]:
    for number, line in enumerate(read_lines(run.events)):
        try:
            event = decode(line)
        except ValueError:  # a torn or foreign line; the others are shown
            continue
        if not isinstance(event, (LossesMeasured, EpochEnded)):
            continue
        if not restarts.is_void(number, event.step):
            yield event
