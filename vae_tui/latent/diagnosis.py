"""Diagnosis of a network from its losses and the KL of its dimensions; has all thresholds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

ACTIVE_VARIANCE = 0.01
"""A dimension is active when its posterior mean varies more than this over the test images.

Source: Burda et al. 2016, https://arxiv.org/abs/1509.00519, section 5.2.
"""
DEAD_KL = 0.05
"""Nats; a dimension with less carries next to no information about the image."""
COLLAPSED_SHARE, COLLAPSED_KL = 0.95, 1.0
"""Collapsed: at least this `Measured.share`, and less KL in the dimensions above the free level."""
FREE_LEVEL = 1.2
"""A dimension is at the level of the free bits if its KL is at most this many times as large.

Above 1, because the loss clamps the KL of each image, so that their mean stays above the level.
"""
FIRST_FREE_BITS = 0.1
"""Nats; the advice for a posterior that has collapsed without them."""
SQUEEZED_SHARE = 0.35
"""Too large a beta: dead dimensions, and at least this `Measured.share`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Test results of a network; losses in nats per image."""

    bce: float
    """The reconstruction loss, z sampled."""
    kl_per_dimension: Sequence[float]
    floor: float
    """Reconstruction loss of a perfect copy; NaN for a density, which has none."""
    collapse: float
    """Reconstruction loss of the mean image."""
    beta: float
    free_bits: float = 0.0
    """Nats of KL of each dimension that cost nothing."""
    is_vae: bool = True
    is_trained: bool = True
    """At least one epoch is over, and the last one was trained with the full beta."""

    @property
    def share(self) -> float:
        """Position of the reconstruction loss from floor (0) to collapse (1); NaN if unknown."""
        span = self.collapse - self.floor
        return (self.bce - self.floor) / span if span > 0 else math.nan


def diagnose(found: Measured) -> tuple[str, str]:
    """Return early, free, collapsed, squeezed, dead or well, and advice in a sentence or two."""
    size = len(found.kl_per_dimension)
    dead = sum(kl < DEAD_KL for kl in found.kl_per_dimension)
    charged = [kl for kl in found.kl_per_dimension if kl > FREE_LEVEL * found.free_bits]
    if not found.is_vae:
        return "free", (
            "An auto-encoder's KL is measured, not trained: its codes can lie anywhere, "
            "and samples of the prior decode to nothing it has learned."
        )
    if not found.is_trained:
        return (
            "early",
            "Too early to say: wait for the first epoch and for beta to reach its full value.",
        )
    # Where no floor is known, the KL alone decides.
    if not found.share < COLLAPSED_SHARE and sum(charged) < COLLAPSED_KL:
        free_bits = 2 * found.free_bits or FIRST_FREE_BITS
        return "collapsed", (
            "The posterior has collapsed: codes carry no information about the images, every one "
            "is decoded to the mean image. Lower beta, raise it slowly (--warmup 5), or let each "
            f"dimension have some KL at no cost (--free-bits {free_bits:g})."
        )
    if found.beta > 1 and dead and not found.free_bits and found.share >= SQUEEZED_SHARE:
        return "squeezed", (
            f"beta {found.beta:g} is too large: only {size - dead} of {size} dimensions are used, "
            f"and the reconstruction is {found.share:.0%} of the way from a perfect copy to a "
            "collapse. A smaller beta improves it."
        )
    if dead:
        return "dead", (
            f"{dead} of {size} dimensions {'is' if dead == 1 else 'are'} dead "
            f"(KL below {DEAD_KL:g}): --latent-dim {max(size - dead, 1)} is enough."
        )
    use = f"All {size} dimensions carry information about the image: no action needed."
    if found.free_bits and len(charged) < size:
        use = (
            f"{size - len(charged)} of {size} dimensions are at the {found.free_bits:g} nats of "
            "--free-bits, below which the loss does not push them."
        )
    return "well", use
