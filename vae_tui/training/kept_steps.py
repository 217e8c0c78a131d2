"""Which steps' weights are kept for time travel."""

from collections.abc import Sequence

LIMIT = 64
"""At most so many files in ``history``."""


def is_kept(step: int, steps_per_epoch: int) -> bool:
    """Tell whether the weights of ``step`` are kept: 1, 2, 5, 10, 20, 50 ... then every epoch."""
    if step % steps_per_epoch == 0:
        return True
    lead = int(str(step).rstrip("0"))
    return step < steps_per_epoch and lead in (1, 2, 5)


def next_kept(step: int, steps_per_epoch: int) -> int:
    """Return the first step after ``step`` whose weights are kept."""
    epoch_end = (step // steps_per_epoch + 1) * steps_per_epoch
    if step >= steps_per_epoch:
        return epoch_end
    early = (lead * 10**power for power in range(len(str(step)) + 1) for lead in (1, 2, 5))
    return min((kept for kept in early if step < kept < epoch_end), default=epoch_end)


def superfluous(steps: Sequence[int], limit: int = LIMIT) -> list[int]:
    """Return which of the kept steps to drop so that ``limit`` stay.

    The first and the newest stay; what goes is each time the step whose neighbours are nearest
    to each other in ratio, so that early training, where pictures change most, stays dense.
    """
    left = sorted(steps)
    dropped = []
    while len(left) > limit:
        gaps = [(left[i + 1] - left[i - 1]) / (left[i] + 1) for i in range(1, len(left) - 1)]
        dropped.append(left.pop(1 + gaps.index(min(gaps))))
    return dropped
