"""A run's state in one word, and what to do next."""

import math

from vae_tui.run.events import Event, RunEnded, RunStarted

STALLED_SECONDS = 30.0
"""A live trainer that has reported nothing for so long, without being paused, is stalled."""
START_SECONDS = 60.0
"""So long may a trainer take to its first word: torch from a cold disk, several processes."""

_REASONS = ("finished", "stopped", "failed")

ADVICE = {
    "running": "watch it with: vae-tui attach {name}",
    "paused": "go on with: vae-tui resume {name}",
    "finished": "look at it with: vae-tui attach {name}",
    "stopped": "go on with: vae-tui resume {name}",
    "failed": "see why: vae-tui attach {name}; go on from the last save: vae-tui resume {name}",
    "lost": "its process is gone; go on from the last save: vae-tui resume {name}",
    "stalled": "its process is alive but silent; vae-tui stop {name} asks it to end",
}


def state_of(
    live: bool, ended: Event | None, *, paused: bool, silent: float, spoken: bool = True
) -> str:
    """Return a run's state in one word.

    Args:
        live: A trainer holds its lock.
        ended: The last word of the newest trainer, if it said one.
        paused: Its last report was that it pauses.
        silent: Seconds since its last report, or since it began.
        spoken: The live trainer has reported something.
    """
    if not live:
        if isinstance(ended, RunEnded) and ended.reason in _REASONS:
            return ended.reason
        return "lost"
    if paused and spoken:
        return "paused"
    return "stalled" if silent > (STALLED_SECONDS if spoken else START_SECONDS) else "running"


def has_spoken(
    started: RunStarted | None, pid: int | None, newest: float, live_since: float
) -> bool:
    """Tell whether the newest report is the live trainer's, not an earlier one's.

    Args:
        started: How the newest trainer that has reported began.
        pid: Of the live trainer; under torchrun of the launcher, which reports nothing.
        newest: When the newest report was made, by the trainer's clock.
        live_since: When the lock was taken, by the clock of the file system.
    """
    if started is None:
        return False
    # The two clocks may differ: where the process is known, they are not asked.
    return started.pid == pid or not newest < live_since


def silence(now: float, *heard: float) -> float:
    """Return the seconds since the latest sign of life, never negative.

    Signs of the future come from clocks that differ from this machine's and tell nothing.
    """
    past = [when for when in heard if math.isfinite(when) and when <= now]
    return now - max(past) if past else 0.0
