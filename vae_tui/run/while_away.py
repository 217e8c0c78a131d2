"""What happened to a run while the user was away, in one sentence."""

import math
from collections.abc import Iterable, Iterator, Sequence

from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    Event,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
)
from vae_tui.run.last_seen import Seen
from vae_tui.text import duration

LEAST_SECONDS = 60.0
"""Shorter absences are not reported."""

_LIVE = ("starting", "running", "paused", "stalled")


def while_away(before: Seen, after: Seen, happened: Sequence[Event]) -> str:
    """Return what a returning user should know; empty when nothing changed.

    Args:
        before: How the run was last seen.
        after: How it is now.
        happened: The events in between, without losses.
    """
    absent = after.time - before.time
    if absent < LEAST_SECONDS:
        return ""
    # A resume may have gone back before what was seen: that is reported as it is.
    parts = [*_progress(before, after), *_trouble(before, after, happened)]
    if not parts:
        return ""
    return f"while you were away ({duration(absent)}): {', '.join(parts)}"


def _progress(before: Seen, after: Seen) -> Iterator[str]:
    if after.step == before.step:
        return
    if int(after.epoch) != int(before.epoch):
        yield f"epochs {int(before.epoch)} to {int(after.epoch)}"
    else:
        yield f"steps {before.step:,} to {after.step:,}"
    had, has = before.best_test_loss, after.best_test_loss
    if math.isfinite(had) and math.isfinite(has):
        yield f"best test {had:.1f} to {has:.1f}" if had != has else f"best test still {has:.1f}"
    elif math.isfinite(has):
        yield f"best test {has:.1f}"


def _trouble(before: Seen, after: Seen, happened: Sequence[Event]) -> Iterator[str]:
    yield from _pauses(happened, after)
    diverged = [event for event in happened if isinstance(event, Diverged)]
    if diverged:
        yield f"{diverged[-1].what} not finite at step {diverged[-1].step:,}"
    refused = [event for event in happened if isinstance(event, CommandRefused)]
    if refused:
        times = f" {len(refused)} times" if len(refused) > 1 else ""
        yield f"refused{times}: {refused[-1].why}"
    # A trainer that was starting then has its run_started among the events.
    was_live = before.state in _LIVE and before.state != "starting"
    for event in _restarts(happened, was_live):
        yield f"its process was lost and resumed at step {event.step:,}"
    began_or_ended = [event for event in happened if isinstance(event, (RunStarted, RunEnded))]
    if after.state in _LIVE:
        if after.state == "stalled":
            yield "it is alive but silent"
        return
    if after.state == before.state and not began_or_ended:
        return
    last = began_or_ended[-1] if began_or_ended else None
    ended = last if isinstance(last, RunEnded) else None
    why = f": {ended.message}" if ended and ended.message else ""
    yield "its process is lost" if after.state == "lost" else f"it {_ENDS[after.state]}{why}"


_ENDS = {"finished": "finished", "stopped": "was stopped", "failed": "failed"}


def _pauses(happened: Iterable[Event], after: Seen) -> Iterator[str]:
    """Yield for how long it was paused in total, and the newest reason."""
    total, since, why = 0.0, math.nan, ""
    for event in happened:
        if isinstance(event, Paused):
            since, why = event.time, event.why or why
        elif isinstance(event, (Resumed, RunEnded, RunStarted)) and math.isfinite(since):
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
