"""A run's state in one word, and what to do next."""

import math
from typing import TYPE_CHECKING

from vae_tui.text import duration

if TYPE_CHECKING:  # importing it takes 20 ms, for which the shell's completion would wait
    from vae_tui.run.events import RunEnded, RunStarted

STALLED_SECONDS = 30.0
"""A live trainer that has reported nothing for longer, and is not paused, is stalled."""
START_SECONDS = 60.0
"""Time until a trainer's first event: it loads torch, perhaps from a cold disk."""

SETTLED = ("running", "finished")
"""States that need no action."""
_REASONS = {
    "finished": "finished",
    "stopped": "stopped",
    "preempted": "stopped",
    "failed": "failed",
}
"""State of a run by the reason of its end."""
ENDED = ("finished", "stopped", "failed", "lost")
"""States of a run without a trainer; it can be resumed from its last save."""

ADVICE = {
    "running": "watch it with: vae-tui attach {name}",
    "paused": "continue with: vae-tui resume {name}",
    "finished": "look at it with: vae-tui attach {name}",
    "stopped": "continue with: vae-tui resume {name}",
    "failed": "see why: vae-tui attach {name}; resume from the last save: vae-tui resume {name}",
    "lost": "its process is gone; resume from the last save: vae-tui resume {name}",
    "stalled": "its process is alive but silent; vae-tui stop {name} asks it to end",
}


def state_of(
    live: bool, ended: "RunEnded | None", *, paused: bool, silent: float, reported: bool = True
) -> str:
    """Return a run's state in one word.

    Args:
        live: A trainer holds its lock.
        ended: The event with which the newest trainer ended, if it reported one.
        paused: Its last report was a pause.
        silent: Seconds since its last report, or since it started.
        reported: The live trainer has reported at least one event.
    """
    if not live:
        if ended is not None and ended.reason in _REASONS:
            return _REASONS[ended.reason]
        return "lost"
    if paused and reported:
        return "paused"
    return "stalled" if silent > (STALLED_SECONDS if reported else START_SECONDS) else "running"


def has_reported(
    started: "RunStarted | None", pid: int | None, newest: float, live_since: float
) -> bool:
    """Return whether the newest event is from the live trainer, not from an earlier one.

    Args:
        started: The newest ``run_started`` of the log.
        pid: The live trainer's; under torchrun the launcher's, which reports nothing.
        newest: Time of the newest event, by the trainer's clock.
        live_since: Time when the lock was taken, by the file system's clock.
    """
    if started is None:
        return False
    # The two clocks may differ: a known process needs neither.
    return started.pid == pid or not newest < live_since


def state_text(state: str, silent_seconds: float) -> str:
    """Return a state as it is shown: a stalled one with how long the trainer has been silent."""
    return f"{state} {duration(silent_seconds)}" if state == "stalled" else state


def silence(now: float, *activity: float) -> float:
    """Return the seconds since the latest of some times of activity, never negative.

    Times in the future come from clocks that differ from this machine's and are ignored, but not
    those less than a second ahead: the file system's clock is coarse, and so is what ``now`` has
    been corrected by.
    """
    past = [when for when in activity if math.isfinite(when) and when <= now + 1.0]
    return max(now - max(past), 0.0) if past else 0.0
