"""``vae-tui status``, ``wait`` and ``events``: facts about one run, for scripts and agents."""

import contextlib
import dataclasses
import itertools
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_error, print_lines
from vae_tui.cli.options import option, plain_runs_dir
from vae_tui.cli.runs import machines, table
from vae_tui.errors import VaeTuiError
from vae_tui.run.files import LineTail
from vae_tui.run.runs_folder import find
from vae_tui.run.untrusted import json_object

if TYPE_CHECKING:
    from vae_tui.run.log.restarts import Restarts

_POLL_SECONDS = 0.1
_LINES_AT_ONCE = 1_000
_FAILURES = ("failed", "lost")


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(run: str | None, runs_dir: Path, as_json: bool) -> None:
    """Print the state, losses and settings of one run."""
    from vae_tui.run.control import pending_settings
    from vae_tui.run.damaged_config import readable_config
    from vae_tui.run.events import finite
    from vae_tui.run.kl_weight.conventions import beta_elsewhere
    from vae_tui.run.kl_weight.schedule import beta_in_words
    from vae_tui.run.summary import summarise_all

    found = find(runs_dir, run)
    (row,), wrong = summarise_all([found], plain_runs_dir())
    for problem in wrong:
        print_error(problem)
    pending = {} if found.is_live() else {c.setting: c.value for c in pending_settings(found)}
    if as_json:
        record = finite({**dataclasses.asdict(row), "pending": pending})
        click.echo(json.dumps(record, indent=2, allow_nan=False))
        return
    print_lines(*table([row]))
    best = "" if math.isnan(row.best_test_loss) else f", best test loss {row.best_test_loss:.2f}"
    config, _ = readable_config(found)
    beta = beta_in_words(config, row.beta, row.epoch)
    print_lines(f"step {row.step:,}, beta {beta}, lr {row.lr:g}{best}")
    if row.model == "vae":
        print_lines(beta_elsewhere(config, row.beta))
    if pending:
        changes = ", ".join(f"{name} {value:g}" for name, value in pending.items())
        print_lines(f"set when it is resumed: {changes}")
    print_lines(*machines([row]), *filter(None, [row.message]), row.next)


@click.command()
@options.run_argument
@options.runs_dir_option
def wait(run: str | None, runs_dir: Path) -> int:
    """Wait until a run ends.

    The exit code is 0 if it finished or was stopped, 1 if it failed.
    """
    from vae_tui.run.summary import summarise_all

    found = find(runs_dir, run)
    while found.is_live():
        time.sleep(_POLL_SECONDS)
    (row,), _ = summarise_all([found], plain_runs_dir())
    reason = f": {row.message}" if row.message else ""
    print_lines(f"{row.name} is {row.state} at step {row.step:,}{reason}; {row.next}")
    return 1 if row.state in _FAILURES else 0


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--since", type=int, default=0, metavar="STEP", help="Only events of this step or later.")
@click.option("--follow", is_flag=True, help="Go on with new events until the run ends.")
def events(run: str | None, runs_dir: Path, since: int, follow: bool) -> None:
    """Print what happened to a run, as JSON lines.

    Steps that were lost and trained again are left out. With --follow, a new run_started line
    makes earlier lines of later steps obsolete.
    """
    from vae_tui.cli.headless import as_json_line, lines_until_end
    from vae_tui.run.log.restarts import Restarts
    from vae_tui.run.log.step_offset import offset_of_step

    found = find(runs_dir, run)
    with _log_errors():
        begin = offset_of_step(found.events, since)
    tail = LineTail(found.events, begin)
    unreadable = 0
    in_force = _lines_in_force(tail, Restarts(_lines(LineTail(found.events, begin))))
    while block := list(itertools.islice(in_force, _LINES_AT_ONCE)):
        steps = [step for _, step in block]
        unreadable += steps.count(None)
        text = [as_json_line(line) for line, step in block if step is not None and step >= since]
        if text:
            click.echo("\n".join(text))
    if unreadable:
        print_error(f"{found.events}: {unreadable:,} lines are not events; the others are shown")
    for line in lines_until_end(found, tail.offset) if follow else ():
        step = _step(line)
        if step is not None and step >= since:
            print_lines(as_json_line(line))


COMMANDS = (status, wait, events)


def _lines_in_force(tail: LineTail, restarts: "Restarts") -> Iterator[tuple[bytes, int | None]]:
    """Yield the log's lines that none of the ``restarts`` after them voids, with their steps.

    The step is None for a line that is not an event.
    """
    for number, line in enumerate(_lines(tail)):
        step = _step(line)
        if line.strip() and (step is None or not restarts.is_void(number, step)):
            yield line, step


def _lines(tail: LineTail) -> Iterator[bytes]:
    with _log_errors():
        yield from tail.lines()


@contextlib.contextmanager
def _log_errors() -> Iterator[None]:
    """Raise a VaeTuiError for a log that cannot be read."""
    try:
        yield
    except OSError as error:
        raise VaeTuiError(f"the log cannot be read: {error.filename} {error.strerror}") from None


def _step(line: bytes) -> int | None:
    """Return the step of an event, also of a kind that this version does not know; else None."""
    try:
        record = json_object(line)
    except ValueError:
        return None
    kind, step = record.get("event"), record.get("step")
    return step if isinstance(kind, str) and type(step) is int else None
