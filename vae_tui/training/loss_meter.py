"""What of the losses is reported, and what is still to be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """Over some images: losses in nats, and how long they took."""

    images: int = 0
    bce: float = 0.0
    kl: float = 0.0
    seconds: float = 0.0

    def plus(self, images: int, bce: float, kl: float, seconds: float) -> "Sums":
        """Return the sums over these images too."""
        return Sums(self.images + images, self.bce + bce, self.kl + kl, self.seconds + seconds)


class Tally:
    """Takes an epoch's growing sums and gives the means since the last report.

    Args:
        interval: Seconds between two reports, at least.
    """

    def __init__(self, interval: float) -> None:
        self.epoch_seconds = 0.0
        """Spent on this epoch's steps."""
        self._interval = interval
        self._counted = (0, 0.0, 0.0)
        self._unreported = Sums()
        self._reported_at = -math.inf

    def add(self, images: int, bce: float, kl: float, seconds: float) -> None:
        """Take in the epoch's sums so far, and the seconds of what is new of them."""
        old_images, old_bce, old_kl = self._counted
        self._counted = (images, bce, kl)
        self.epoch_seconds += seconds
        self._unreported = self._unreported.plus(
            images - old_images, bce - old_bce, kl - old_kl, seconds
        )

    def take(self, now: float, *, last: bool) -> Sums | None:
        """Return what is unreported when it is due at ``now``, or when it is the last there is."""
        if now - self._reported_at < self._interval and not last:
            return None
        self._reported_at = now
        taken, self._unreported = self._unreported, Sums()
        return taken

    def begin_epoch(self) -> None:
        """Count from nothing again; what is unreported stays."""
        self._counted = (0, 0.0, 0.0)
        self.epoch_seconds = 0.0

    def state(self) -> list[float]:
        """Return what is unreported, for a resume."""
        sums = self._unreported
        return [sums.images, sums.bce, sums.kl, sums.seconds]

    def go_on(
        self, counted: tuple[int, float, float], epoch_seconds: float, unreported: Sequence[float]
    ) -> None:
        """Take up an epoch where another process left it."""
        images, bce, kl, seconds = map(float, unreported)
        self._counted = counted
        self._unreported = Sums(int(images), bce, kl, seconds)
        self.epoch_seconds = epoch_seconds
