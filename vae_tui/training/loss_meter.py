"""Accumulates the series that are averaged, between two reports."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vae_tui.run import series


@dataclass(frozen=True, slots=True)
class LossSums:
    """Sums over some training steps."""

    images: int
    steps: int
    totals: tuple[float, ...]
    """One for each of ``series.averaged()``: losses summed over images in nats, for instance."""
    seconds: float
    """Of training alone."""

    def means(self) -> dict[str, float]:
        """Return the mean of each series, by its name."""
        counts = {"images": self.images, "steps": self.steps}
        return {
            metric.name: total / counts[metric.mean_over] if counts[metric.mean_over] else math.nan
            for metric, total in zip(series.averaged(), self.totals, strict=True)
        }


class LossMeter:
    """Takes the running sums of an epoch; returns the part since the last report.

    ``interval`` is the shortest time between two reports, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self.epoch_seconds = 0.0
        """Spent on this epoch's training steps."""
        self._interval = interval
        self._nothing = LossSums(0, 0, (0.0,) * len(series.averaged()), 0.0)
        self._unreported = self._nothing
        self.epoch_sums = self._nothing
        """Sums over the epoch so far; its seconds are not counted here."""
        self._reported_at = -math.inf

    def add(self, images: int, steps: int, totals: Sequence[float], seconds: float) -> None:
        """Take the epoch's sums so far; ``seconds`` is the time since the last call only."""
        before, sums = self.epoch_sums, self._unreported
        self.epoch_sums = LossSums(images, steps, tuple(totals), 0.0)
        self.epoch_seconds += seconds
        changes = zip(sums.totals, totals, before.totals, strict=True)
        self._unreported = LossSums(
            sums.images + images - before.images,
            sums.steps + steps - before.steps,
            tuple(unreported + new - old for unreported, new, old in changes),
            sums.seconds + seconds,
        )

    def take(self, now: float, *, last: bool) -> LossSums | None:
        """Return the unreported sums if a report is due at ``now`` or it is the ``last`` one."""
        if now - self._reported_at < self._interval and not last:
            return None
        self._reported_at = now
        taken, self._unreported = self._unreported, self._nothing
        return taken

    def begin_epoch(self) -> None:
        """Start the epoch's sums at zero; what is unreported stays."""
        self.epoch_sums = self._nothing
        self.epoch_seconds = 0.0

    def state(self) -> dict[str, Any]:
        """Return plain values for a resume."""
        names = [metric.name for metric in series.averaged()]
        sums = self._unreported
        return {
            "sums": dict(zip(names, self.epoch_sums.totals, strict=True)),
            "unreported": dict(zip(names, sums.totals, strict=True))
            | {"images": sums.images, "steps": sums.steps, "seconds": sums.seconds},
            "epoch_seconds": self.epoch_seconds,
        }

    def load_state(self, state: Mapping[str, Any], images: int, steps: int) -> None:
        """Continue from a value of `state`, in an epoch that has trained on ``images``."""
        # Older versions saved lists of BCE and KL only, or no unreported sums.
        epoch = _named(state["sums"], "bce", "kl")
        unreported = _named(state.get("unreported", {}), "images", "bce", "kl", "seconds")
        self.epoch_sums = LossSums(images, steps, _totals(epoch), 0.0)
        images, steps = (int(unreported.get(name, 0)) for name in ("images", "steps"))
        seconds = unreported.get("seconds", 0.0)
        self._unreported = LossSums(images, steps, _totals(unreported), seconds)
        self.epoch_seconds = float(state["epoch_seconds"])


def _named(saved: Any, *names: str) -> dict[str, float]:
    values = saved if isinstance(saved, Mapping) else dict(zip(names, saved, strict=True))
    return {str(name): float(value) for name, value in values.items()}


def _totals(saved: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(saved.get(metric.name, 0.0) for metric in series.averaged())
