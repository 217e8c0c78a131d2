"""Accumulates losses between two reports."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LossSums:
    """Losses summed over some images, in nats, and the seconds of training on them."""

    images: int = 0
    bce: float = 0.0
    kl: float = 0.0
    seconds: float = 0.0


class LossMeter:
    """Takes the growing sums of an epoch; returns the part since the last report.

    Args:
        interval: Shortest time between two reports, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self.epoch_seconds = 0.0
        """Spent on this epoch's training steps."""
        self._interval = interval
        self._epoch = (0, 0.0, 0.0)
        self._unreported = LossSums()
        self._reported_at = -math.inf

    @property
    def epoch_sums(self) -> tuple[float, float]:
        """BCE and KL, summed over the epoch's images so far."""
        return self._epoch[1:]

    def add(self, images: int, bce: float, kl: float, seconds: float) -> None:
        """Take the epoch's sums so far; ``seconds`` is the time since the last call only."""
        old_images, old_bce, old_kl = self._epoch
        self._epoch = (images, bce, kl)
        self.epoch_seconds += seconds
        sums = self._unreported
        self._unreported = LossSums(
            sums.images + images - old_images,
            sums.bce + bce - old_bce,
            sums.kl + kl - old_kl,
            sums.seconds + seconds,
        )

    def take(self, now: float, *, last: bool) -> LossSums | None:
        """Return the unreported sums if a report is due at ``now`` or this is the ``last``."""
        if now - self._reported_at < self._interval and not last:
            return None
        self._reported_at = now
        taken, self._unreported = self._unreported, LossSums()
        return taken

    def begin_epoch(self) -> None:
        """Start the epoch's sums at zero; what is unreported stays."""
        self._epoch = (0, 0.0, 0.0)
        self.epoch_seconds = 0.0

    def state(self) -> dict[str, Any]:
        """Return plain values for a resume."""
        sums = self._unreported
        return {
            "sums": list(self.epoch_sums),
            "unreported": [sums.images, sums.bce, sums.kl, sums.seconds],
            "epoch_seconds": self.epoch_seconds,
        }

    def load_state(self, state: Mapping[str, Any], images: int) -> None:
        """Continue from a value of `state`, in an epoch that has trained on ``images``."""
        bce, kl = map(float, state["sums"])
        # Older versions did not save what was unreported.
        unreported = state.get("unreported", (0, 0.0, 0.0, 0.0))
        count, unreported_bce, unreported_kl, seconds = map(float, unreported)
        self._epoch = (images, bce, kl)
        self._unreported = LossSums(int(count), unreported_bce, unreported_kl, seconds)
        self.epoch_seconds = float(state["epoch_seconds"])
