"""What losses and the KL of the dimensions say of a network; all thresholds are here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

DEAD_KL = 0.05
"""Nats; a dimension with less carries next to nothing of the image."""
COLLAPSED_SHARE, COLLAPSED_KL = 0.95, 1.0
"""Collapsed: the reconstruction so near to the collapse level, the KL in all below so much."""
SQUEEZED_SHARE = 0.35
"""Squeezed by beta: the reconstruction stays so far from the floor, with dead dimensions."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a test of a network has measured; losses in nats per image."""

    bce: float
    """The reconstruction term, z sampled."""
    kl_per_dimension: Sequence[float]
    floor: float
    """Reconstruction loss of a perfect copy."""
    collapse: float
    """Reconstruction loss of the mean image."""
    beta: float
    is_vae: bool = True
    is_trained: bool = True
    """An epoch at least, and beta has risen to its value."""

    @property
    def share(self) -> float:
        """Where the reconstruction stands between floor (0) and collapse (1); NaN if nowhere."""
        span = self.collapse - self.floor
        return (self.bce - self.floor) / span if span > 0 else math.nan

    @property
    def dead(self) -> int:
        """How many dimensions carry next to nothing."""
        return sum(kl < DEAD_KL for kl in self.kl_per_dimension)


def diagnose(found: Measured) -> tuple[str, str]:
    """Return early, free, collapsed, squeezed, dead or well, and advice in a sentence or two."""
    size, dead = len(found.kl_per_dimension), found.dead
    if not found.is_vae:
        return "free", (
            "An auto-encoder's KL is measured, not trained: its codes lie where they like, "
            "and points of the prior decode to nothing it has learnt."
        )
    if not found.is_trained:
        return "early", "Too early to tell: wait for the first epochs, and for beta to have risen."
    if found.share >= COLLAPSED_SHARE and sum(found.kl_per_dimension) < COLLAPSED_KL:
        return "collapsed", (
            "The posterior has collapsed: codes say nothing of the images, every one is drawn as "
            "the mean. Lower beta, or let it rise slowly: --warmup 5."
        )
    if found.beta > 1 and dead and found.share >= SQUEEZED_SHARE:
        return "squeezed", (
            f"beta {found.beta:g} squeezes: {size - dead} of {size} dimensions are left, and the "
            f"reconstruction is {found.share:.0%} of the way from a perfect copy to a collapse. "
            "A smaller beta lets more through."
        )
    if dead:
        return "dead", (
            f"{dead} of {size} dimensions are dead (KL below {DEAD_KL:g}): "
            f"--latent-dim {max(size - dead, 1)} would do as well."
        )
    return "well", f"All {size} dimensions carry something of the image: nothing to mend."
