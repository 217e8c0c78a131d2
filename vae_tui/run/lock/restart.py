"""A restart on another machine: torchrun moves a run's first process while its beat is fresh."""

import time
from collections.abc import Callable
from pathlib import Path

from vae_tui.run.lock.holder import LOST_SECONDS, Holder, holder_of
from vae_tui.text import duration

LONGEST_WAIT_SECONDS = 2 * LOST_SECONDS
"""torchrun kills its processes 30 s after it asked them to end; their heartbeat is fresh for 60 s
more. It is less than the other processes wait for this one."""
_POLL_SECONDS = 1.0


def wait_for_earlier_trainer(
    folder: Path,
    job: str,
    report: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait while the job's earlier trainer, on another machine, may be alive; report it once.

    To be refused would cost one of the job's restarts. The run is not taken earlier either: the
    other machine may have lost only its network, and still train. For a trainer of another job,
    and after `LONGEST_WAIT_SECONDS`, this returns, and whoever takes the lock is refused.

    Args:
        folder: The run's.
        job: The launcher's id of the job, the same on all its machines.
        report: Takes one line for the user.
        sleep: Waits for so many seconds; may raise to end the wait.
        clock: Returns monotonic seconds.
    """
    deadline = clock() + LONGEST_WAIT_SECONDS
    earlier = _earlier_trainer(folder, job)
    if earlier is not None:
        report(
            f"this job trained {folder.name} on {earlier.host} (pid {earlier.pid}): waiting until "
            f"the heartbeat from there has been missing for {duration(LOST_SECONDS)}, "
            f"at most {duration(LONGEST_WAIT_SECONDS)}"
        )
    while earlier is not None and clock() < deadline:
        sleep(_POLL_SECONDS)
        earlier = _earlier_trainer(folder, job)


def _earlier_trainer(folder: Path, job: str) -> Holder | None:
    holder = holder_of(folder)
    return holder if holder is not None and holder.job == job and not holder.is_here else None
