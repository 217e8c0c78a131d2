"""What a user last saw of a run, stored in the user's own state folder.

Not in the run folder: it is shared, may be read-only, and each user has seen something else.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

from vae_tui.run import events
from vae_tui.run.events import Event, Paused, RunEnded, RunStarted
from vae_tui.run.files import replace
from vae_tui.run.folder import Run
from vae_tui.run.untrusted import json_object, open_regular, read_bounded
from vae_tui.text import duration

MOST_RECORDS = 200
"""Older records are removed."""
LEAST_SECONDS = 60.0
"""Shorter absences are not reported."""
_LARGEST_RECORD = 4096
_LIVE = ("starting", "running", "paused", "stalled")
_ENDS = {"finished": "finished", "stopped": "was stopped", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of a run at one time."""

    time: float
    """Unix seconds."""
    state: str
    step: int
    epoch: float
    best_test_loss: float
    """NaN before the first test."""
    offset: int
    """Bytes of ``events.jsonl`` that had been read."""


class LastSeenStore:
    """Stores in ``folder`` what was last seen of one run; a failure to store is ignored."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._kept_before = False

    def load(self) -> Seen | None:
        """Return what was last seen of the run; None when unknown."""
        try:
            raw = json_object(read_bounded(self._path(), _LARGEST_RECORD))
            if raw["best_test_loss"] is None:
                raw["best_test_loss"] = math.nan
            return Seen(**{name: kind(raw[name]) for name, kind in get_type_hints(Seen).items()})
        except (OSError, ValueError, LookupError, TypeError, OverflowError):
            return None

    def keep(self, seen: Seen) -> None:
        """Store it atomically, without fsync, which would wait for the disk each time."""
        with contextlib.suppress(OSError, LookupError):
            path = self._path()
            if not self._kept_before:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._remove_oldest()
                self._kept_before = True
            content = json.dumps(events.finite(dataclasses.asdict(seen))).encode()
            replace(path, content, fsync=lambda descriptor: None)

    def _path(self) -> Path:
        """Return the record's file; LookupError or OSError before the run's first event.

        A later run can have the same path: the first events differ.
        """
        with open_regular(self._run.events) as file:
            first = file.readline(_LARGEST_RECORD)
        if not first.endswith(b"\n"):
            raise LookupError("no event yet")
        identity = hashlib.sha256(os.fsencode(self._run.path.resolve()) + b"\n" + first)
        return self._folder / f"{identity.hexdigest()[:32]}.json"

    def _remove_oldest(self) -> None:
        files = [entry for entry in os.scandir(self._folder) if entry.is_file()]
        files.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for entry in files[MOST_RECORDS - 1 :]:
            Path(entry.path).unlink()


def while_away(before: Seen, after: Seen, happened: Sequence[Event]) -> str:
    """Return what a returning user should know; empty when nothing changed.

    ``happened`` are the events in between, without losses.
    """
    absent = after.time - before.time
    if absent < LEAST_SECONDS:
        return ""
    # After a resume the later step may be the smaller one: that is reported as it is.
    parts = [*_progress(before, after), *_trouble(before, after, happened)]
    return f"while you were away ({duration(absent)}): {', '.join(parts)}" if parts else ""


def _progress(before: Seen, after: Seen) -> Iterator[str]:
    if after.step == before.step:
        return
    if int(after.epoch) != int(before.epoch):
        yield f"epochs {int(before.epoch)} to {int(after.epoch)}"
    else:
        yield f"steps {before.step:,} to {after.step:,}"
    old, new = before.best_test_loss, after.best_test_loss
    if math.isfinite(old) and math.isfinite(new):
        yield f"best test {old:.1f} to {new:.1f}" if old != new else f"best test still {new:.1f}"
    elif math.isfinite(new):
        yield f"best test {new:.1f}"


def _trouble(before: Seen, after: Seen, happened: Sequence[Event]) -> Iterator[str]:
    yield from _pauses(happened, after)
    diverged = [event for event in happened if isinstance(event, events.Diverged)]
    if diverged:
        yield f"{diverged[-1].what} not finite at step {diverged[-1].step:,}"
    refused = [event for event in happened if isinstance(event, events.CommandRefused)]
    if refused:
        times = f" {len(refused)} times" if len(refused) > 1 else ""
        yield f"refused{times}: {refused[-1].why}"
    # A trainer that was starting then has its run_started among the events.
    was_live = before.state in _LIVE and before.state != "starting"
    for event in _restarts(happened, was_live):
        yield f"its process was lost and resumed at step {event.step:,}"
    began_or_ended = [event for event in happened if isinstance(event, (RunStarted, RunEnded))]
    if after.state == "stalled":
        yield "it is alive but silent"
    elif after.state not in _LIVE and (began_or_ended or after.state != before.state):
        last = began_or_ended[-1] if began_or_ended else None
        why = _because(last.message) if isinstance(last, RunEnded) else ""
        yield "its process is lost" if after.state == "lost" else f"it {_ENDS[after.state]}{why}"


def _pauses(happened: Iterable[Event], after: Seen) -> Iterator[str]:
    """Yield the total duration of the pauses with the newest reason, if there were any."""
    total, since, why = 0.0, math.nan, ""
    for event in happened:
        if isinstance(event, Paused):
            since, why = event.time, event.why or why
        elif isinstance(event, (events.Resumed, RunEnded, RunStarted)) and math.isfinite(since):
            total += max(event.time - since, 0.0)
            since = math.nan
    if math.isfinite(since):
        total += max(after.time - since, 0.0)
        yield f"paused for {duration(total)} and still{_because(why)}"
    elif total:
        yield f"paused for {duration(total)}{_because(why)}"


def _restarts(happened: Iterable[Event], live: bool) -> Iterator[RunStarted]:
    """Yield the starts of trainers whose predecessors had not reported their end."""
    for event in happened:
        if isinstance(event, RunEnded):
            live = False
        elif isinstance(event, RunStarted):
            if live:
                yield event
            live = True


def _because(why: str) -> str:
    return f": {why}" if why else ""
