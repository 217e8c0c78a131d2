"""Codes: points of the prior and ways between them."""

from statistics import NormalDist
from typing import Literal

import numpy as np

from vae_tui.model.numpy_vae import Floats

Path = Literal["linear", "slerp"]


def prior(seed: int, count: int, latent_dim: int) -> Floats:
    """Return ``count`` points of N(0, I), (count, d); the first ones do not depend on ``count``."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((count, latent_dim), dtype=np.float32)


def aggregate(seed: int, count: int, means: Floats, logvars: Floats, spread: float = 1.0) -> Floats:
    """Return draws from the aggregate posterior, (count, d): each from q(z|x) of a random image.

    Args:
        seed: The same for the same draws of the same images, whatever the weights.
        count: How many.
        means: Of q(z|x), (N, d).
        logvars: (N, d).
        spread: Factor of the standard deviations.
    """
    generator = np.random.default_rng((seed, 1))
    noise = generator.standard_normal((count, means.shape[1]), dtype=np.float32)
    images = np.random.default_rng((seed, 2)).integers(len(means), size=count)
    deviations = np.exp(0.5 * logvars[images])
    result: Floats = (means[images] + np.float32(spread) * deviations * noise).astype(np.float32)
    return result


def quantiles(columns: int, rows: int) -> Floats:
    """Return codes (rows * columns, 2) of a grid that is even in the prior's probability.

    Row by row, the first with the largest second number.
    """
    across, down = (
        [NormalDist().inv_cdf((place + 0.5) / count) for place in range(count)]
        for count in (columns, rows)
    )
    return np.array([(x, y) for y in reversed(down) for x in across], np.float32)


def between(start: Floats, end: Floats, steps: int, path: Path = "linear") -> Floats:
    """Return ``steps`` codes from ``start`` (d,) to ``end`` (d,), both included: (steps, d).

    ``slerp`` keeps to the great circle between the directions while the length goes evenly from
    one to the other; it is linear where a direction is missing or the two are opposite.
    """
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    straight = (1 - share) * start + share * end
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if path == "linear" or min(lengths) < 1e-6:
        return straight
    cosine = np.clip(np.dot(start, end) / (lengths[0] * lengths[1]), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:
        return straight
    directions = (
        np.sin((1 - share) * angle) * start / lengths[0] + np.sin(share * angle) * end / lengths[1]
    ) / np.sin(angle)
    result: Floats = (directions * ((1 - share) * lengths[0] + share * lengths[1])).astype(
        np.float32
    )
    result[:1], result[1:][-1:] = start, end  # exactly, whatever the sines were rounded to
    return result
