"""The Fréchet distance of two sets of features, as if each had a normal distribution."""

from dataclasses import dataclass

import numpy as np

from vae_tui.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean (k,) and covariance (k, k) of features, float64."""

    mean: Floats
    covariance: Floats


def moments(features: Floats) -> Moments:
    """Return the moments of features, (N, k) with N > 1."""
    exact = features.astype(np.float64)
    return Moments(exact.mean(0), np.atleast_2d(np.cov(exact, rowvar=False)))


def frechet_distance(one: Moments, other: Moments) -> float:
    """Return ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))``.

    ``C1 C2`` has the eigenvalues of the symmetric ``C1^(1/2) C2 C1^(1/2)``, which are real and not
    negative but for rounding; the trace is the sum of their square roots.

    Source:
        Dowson & Landau 1982, The Fréchet distance between multivariate normal distributions,
        https://doi.org/10.1016/0047-259X(82)90077-X; of images: Heusel et al. 2017,
        https://arxiv.org/abs/1706.08500.
    """
    values, vectors = np.linalg.eigh(one.covariance)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    products = np.linalg.eigvalsh(root @ other.covariance @ root)
    traces = np.trace(one.covariance) + np.trace(other.covariance)
    shared = 2 * np.sqrt(products.clip(min=0)).sum()
    return float(max(np.square(one.mean - other.mean).sum() + traces - shared, 0.0))
