"""Codes: draws from the prior and the aggregate posterior, interpolations, and their text."""

import math
import re
from statistics import NormalDist

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.errors import UsageError
from vae_tui.latent.posterior import Posteriors
from vae_tui.model.numpy_network import Network

MOST_SAMPLES = 10_000
HIGHEST_TEMPERATURE = 100.0
LARGEST_VALUE = 1e4
"""Limit for a code given by the user; larger values only saturate the decoder."""


def prior(seed: int, count: int, latent_dim: int) -> Floats:
    """Return draws from N(0, I), (count, d); the first ones do not depend on ``count``."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((count, latent_dim), dtype=np.float32)


def samples(network: Network, count: int, seed: int, temperature: float = 1.0) -> Floats:
    """Return draws from the prior times ``temperature``, (count, d); checks the ranges."""
    check_sampling(count, seed, temperature)
    return np.float32(temperature) * prior(seed, count, network.latent_dim)


def check_sampling(count: int, seed: int, temperature: float) -> None:
    """Raise UsageError unless the options of ``vae-tui sample`` are in their ranges."""
    check_range("-n", count, 1, MOST_SAMPLES)
    check_range("--seed", seed, 0, 2**63 - 1)
    check_range("--temperature", temperature, 0, HIGHEST_TEMPERATURE)


def aggregate(seed: int, count: int, posteriors: Posteriors, temperature: float = 1.0) -> Floats:
    """Return draws from the aggregate posterior, (count, d): each from q(z|x) of a random image.

    ``seed`` decides the images and the noise, whatever the weights; ``temperature`` is a factor of
    the standard deviations.
    """
    means = posteriors.means
    generator = np.random.default_rng((seed, 1))
    noise = generator.standard_normal((count, means.shape[1]), dtype=np.float32)
    images = np.random.default_rng((seed, 2)).integers(len(means), size=count)
    deviations = np.float32(temperature) * posteriors.deviations[images]
    result: Floats = (means[images] + deviations * noise).astype(np.float32)
    return result


def quantiles(columns: int, rows: int) -> Floats:
    """Return a grid of codes (rows * columns, 2), evenly spaced in the prior's probability.

    Row by row, the row with the largest second value first.
    """
    across, down = (
        [NormalDist().inv_cdf((place + 0.5) / count) for place in range(count)]
        for count in (columns, rows)
    )
    return np.array([(x, y) for y in reversed(down) for x in across], np.float32)


def between(start: Floats, end: Floats, steps: int, path: str = "linear") -> Floats:
    """Return codes from ``start`` (d,) to ``end`` (d,), both included: (steps, d).

    ``slerp`` interpolates the direction on the great circle and the length linearly. It is the
    same as ``linear`` where a length is zero or the directions are equal or opposite.
    """
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    straight = (1 - share) * start + share * end
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if path != "slerp" or min(lengths) < 1e-6:
        return straight
    cosine = np.clip(np.dot(start, end) / (lengths[0] * lengths[1]), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:
        return straight
    directions = (
        np.sin((1 - share) * angle) * start / lengths[0] + np.sin(share * angle) * end / lengths[1]
    ) / np.sin(angle)
    codes = directions * ((1 - share) * lengths[0] + share * lengths[1])
    result: Floats = codes.astype(np.float32)
    result[:1], result[1:][-1:] = start, end  # exactly, without the rounding of the sines
    return result


def traversal(code: Floats, dimension: int, reach: float, count: int) -> Floats:
    """Return codes (count, d) equal to ``code`` but for one number, from -reach to reach."""
    codes = np.repeat(code[None], count, axis=0)
    codes[:, dimension] = np.linspace(-reach, reach, count)
    return codes


def parse_code(text: str, latent_dim: int) -> Floats:
    """Return the code (d,) of numbers separated by commas or spaces; UsageError for others."""
    words = re.split(r"\s*,\s*|\s+", text.strip().strip("[]").strip())
    needs = f"--z needs {latent_dim} number{'s' if latent_dim > 1 else ''} separated by commas"
    code = np.empty(len(words), np.float32)
    for index, word in enumerate(words):
        try:
            with np.errstate(over="ignore"):
                code[index] = float(word)
        except ValueError:
            raise UsageError(f"{needs}; number {index + 1} is {word[:40]!r}") from None
        if not abs(code[index]) <= LARGEST_VALUE:
            raise UsageError(
                f"{needs}, none beyond {LARGEST_VALUE:g}; number {index + 1} is {word[:40]!r}"
            )
    if len(code) != latent_dim:
        raise UsageError(f"{needs}, one for each latent dimension; there are {len(code)}")
    return code


def code_text(code: Floats) -> str:
    """Return a code as text that ``parse_code`` reads back exactly."""
    return ",".join(str(np.float32(value)) for value in code)


def check_range(option: str, value: float, low: float, high: float) -> None:
    """Raise UsageError unless the value of an option is finite and in the range."""
    if not (math.isfinite(value) and low <= value <= high):
        raise UsageError(f"{option} must be {low} to {high:g}, not {value:g}")
