"""A mixture of Gaussians over codes, and draws from it; `mixture_fit` fits one."""

from dataclasses import dataclass

import numpy as np

from vae_tui.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """K Gaussians over codes of d numbers."""

    weights: Floats
    """Their probabilities, (K,)."""
    means: Floats
    """(K, d)."""
    factors: Floats
    """Of their covariances, each ``factor @ factor.T``: (K, d, d)."""

    def __len__(self) -> int:
        return len(self.weights)

    def draw(self, seed: int, count: int, temperature: float = 1.0) -> Floats:
        """Return draws, (count, d); the first ones do not depend on ``count``.

        ``seed`` decides the noise and which Gaussian each is drawn from; ``temperature`` is a
        factor of the standard deviations.
        """
        noise = np.random.default_rng((seed, 3)).standard_normal(
            (count, self.means.shape[1]), dtype=np.float32
        )
        shares = np.random.default_rng((seed, 4)).random(count)
        chosen = np.searchsorted(np.cumsum(self.weights), shares).clip(max=len(self) - 1)
        codes: Floats = self.means[chosen]
        for number, factor in enumerate(self.factors):
            here = chosen == number
            codes[here] += np.float32(temperature) * (noise[here] @ factor.T)
        return codes
