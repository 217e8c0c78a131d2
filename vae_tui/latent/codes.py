"""Codes: points of the prior and ways between them."""

import math
import re
from statistics import NormalDist
from typing import Literal

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.errors import UsageError
from vae_tui.model.numpy_network import Network

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


MOST_SAMPLES = 10_000


HIGHEST_TEMPERATURE = 100.0


LARGEST = 1e4
"""Of a code's numbers: beyond, the network overflows and its picture means nothing."""


def samples(network: Network, count: int, seed: int, temperature: float = 1.0) -> Floats:
    """Return ``count`` codes of the prior, widened by ``temperature``: (count, d).

    Raises:
        UsageError: A number is out of range.
    """
    _check("-n", count, 1, MOST_SAMPLES)
    _check("--seed", seed, 0, 2**63 - 1)
    _check("--temperature", temperature, 0, HIGHEST_TEMPERATURE)
    return np.float32(temperature) * prior(seed, count, network.latent_dim)


def parse_code(text: str, latent_dim: int) -> Floats:
    """Return the code (d,) of numbers separated by commas or spaces.

    Raises:
        UsageError: It is not ``latent_dim`` finite numbers.
    """
    words = re.split(r"\s*,\s*|\s+", text.strip().strip("[]").strip())
    wanted = f"--z wants {latent_dim} number{'s' if latent_dim > 1 else ''} with commas between"
    code = np.empty(len(words), np.float32)
    for index, word in enumerate(words):
        try:
            with np.errstate(over="ignore"):
                code[index] = float(word)
        except ValueError:
            raise UsageError(f"{wanted}; number {index + 1} is {word[:40]!r}") from None
        if not abs(code[index]) <= LARGEST:
            raise UsageError(
                f"{wanted}, none beyond {LARGEST:g}; number {index + 1} is {word[:40]!r}"
            )
    if len(code) != latent_dim:
        raise UsageError(f"{wanted}, one for each latent dimension; there are {len(code)}")
    return code


def code_text(code: Floats) -> str:
    """Return a code as ``parse_code`` reads it back, to the last bit."""
    return ",".join(str(np.float32(value)) for value in code)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise UsageError(f"{name} must be {low} to {high:g}, not {value:g}")
