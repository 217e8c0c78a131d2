"""The columns of the table of runs: one row of `COLUMNS` each, with its text and its order."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from vae_tui.run.state import state_text
from vae_tui.run.summary import Summary
from vae_tui.text import duration, printable
from vae_tui.tui.charts.sparkline import IN_ASCII, sparkline
from vae_tui.tui.state.other_runs import ListedRun

CURVE_CELLS = 12
Side = Literal["default", "left", "right"]
"""How a cell is aligned: ``left`` is after a gap, ``default`` without one."""


@dataclass(frozen=True, slots=True)
class RunColumn:
    """One column of the table."""

    head: str
    text: Callable[[Summary], str]
    rank: int
    """Where there is little room, the column of the highest rank is left out first."""
    key: Callable[[Summary], Any] | None = None
    """What the runs are sorted by; None for the text."""
    side: Side = "right"
    is_setting: bool = False
    """It is shown only where runs differ in it."""


def _loss(loss: float) -> str:
    if math.isnan(loss):
        return "-"
    return f"{loss:.2f}" if abs(loss) < 1e6 else f"{loss:.1e}"


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def started_text(run: Summary) -> str:
    """Return when a run began: the time, of another day with the date."""
    if not 0 <= run.started < 1e11:
        return "-"
    began = time.localtime(run.started)
    is_today = time.strftime("%F", began) == time.strftime("%F")
    return time.strftime("%H:%M" if is_today else "%d %b %y", began)


def curve_text(run: Summary) -> str:
    """Return the test losses as a small curve; without the untrained network's."""
    return sparkline(run.losses[1:] or run.losses, CURVE_CELLS)[0].rstrip()


COLUMNS = (
    RunColumn("state", lambda run: state_text(run.state, run.silent_seconds), 0, side="left"),
    RunColumn("epoch", lambda run: f"{run.epoch:.1f}/{run.epochs}", 2, lambda run: run.epoch),
    RunColumn("best test", lambda run: _loss(run.best_test_loss), 1,
              lambda run: _finite(run.best_test_loss)),
    RunColumn("curve", curve_text, 8, lambda run: _finite(run.test_loss), "left"),
    RunColumn("beta", lambda run: f"{run.beta:g}", 3, lambda run: run.beta, is_setting=True),
    RunColumn("d", lambda run: f"{run.latent_dim}", 4, lambda run: run.latent_dim,
              is_setting=True),
    RunColumn("lr", lambda run: f"{run.lr:g}", 7, lambda run: run.lr, is_setting=True),
    RunColumn("model", lambda run: f"{run.model} {run.reconstruction}", 5, side="left",
              is_setting=True),
    RunColumn("data", lambda run: run.dataset, 6, side="left", is_setting=True),
    RunColumn("started", started_text, 9, lambda run: -_finite(run.started)),
    RunColumn("took", lambda run: duration(run.seconds), 10,
              lambda run: _finite(run.seconds)),
)  # fmt: skip
HEADS = tuple(column.head for column in COLUMNS)


@lru_cache(maxsize=4096)
def texts_of(run: ListedRun, unicode: bool = True) -> tuple[str, ...]:
    """Return the name and one text for each of ``COLUMNS``, free of control characters.

    Without ``unicode`` the curve is in ASCII.
    """
    texts = [printable(column.text(run.summary)) for column in COLUMNS]
    if not unicode:
        texts = [text.translate(IN_ASCII) for text in texts]
    return (printable(run.summary.name), *texts)


def sorted_runs(
    rows: Iterable[ListedRun], head: str, *, is_reversed: bool
) -> tuple[ListedRun, ...]:
    """Return the runs in the order of a column; in their own order where ``head`` names none."""
    if head not in HEADS:
        return tuple(rows)
    column = COLUMNS[HEADS.index(head)]
    key = column.key or column.text
    return tuple(sorted(rows, key=lambda row: key(row.summary), reverse=is_reversed))


def matching(rows: Iterable[ListedRun], pattern: str) -> tuple[ListedRun, ...]:
    """Return the runs that have each word of ``pattern`` in one of their cells."""
    words = pattern.lower().split()
    return tuple(
        row
        for row in rows
        if all(any(word in text.lower() for text in texts_of(row)) for word in words)
    )


def differing(rows: Sequence[ListedRun]) -> set[int]:
    """Return the indices of the columns to show: of settings, those in which runs differ."""
    texts = [texts_of(row)[1:] for row in rows if not row.wrong]
    return {
        index
        for index, column in enumerate(COLUMNS)
        if not column.is_setting or len({text[index] for text in texts}) > 1
    }
