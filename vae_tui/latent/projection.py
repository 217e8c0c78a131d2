"""Codes in two dimensions by PCA, and back."""

from dataclasses import dataclass

import numpy as np

from vae_tui.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A plane in the latent space, and codes projected on it."""

    points: Floats
    """(N, 2), in the units of the code."""
    basis: Floats
    """(d, 2), orthonormal columns; the second is zero when d is 1."""
    centre: Floats
    """(d,), the code at the point (0, 0)."""
    share: float
    """Share of the codes' variance that lies in the plane, 0 to 1."""

    def codes_at(self, points: Floats) -> Floats:
        """Return the codes (M, d) in the plane at points (M, 2)."""
        return (self.centre + points @ self.basis.T).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A state of t-SNE."""

    codes: Floats
    """The means that are embedded, (N, d)."""
    points: Floats
    """(N, 2)."""
    progress: float
    """Share of the work that is done; 1 for the last state."""

    @property
    def is_done(self) -> bool:
        """Whether no further state follows."""
        return self.progress >= 1


def pca(means: Floats) -> Projection:
    """Return the plane in which codes (N, d) vary most, the first axis the most.

    PCA leaves the signs of the axes free: here the largest entry of each basis vector is positive.
    The result depends on the codes alone, so the same weights always give the same map.
    """
    codes = means.astype(np.float64)
    centre = codes.mean(0)
    variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes, rowvar=False, bias=True)))
    basis = np.zeros((len(centre), 2))
    columns = vectors[:, ::-1][:, :2]
    columns *= np.where(columns[np.abs(columns).argmax(0), range(columns.shape[1])] < 0, -1, 1)
    basis[:, : columns.shape[1]] = columns
    total = float(variances.sum())
    share = float(variances[-2:].sum()) / total if total > 0 else 0.0
    plane, origin = basis.astype(np.float32), centre.astype(np.float32)
    points = ((means - origin) @ plane).astype(np.float32)
    return Projection(points, plane, origin, share)


def on_dimensions(means: Floats, first: int, second: int) -> Projection:
    """Return codes (N, d) on two latent dimensions; the others have their mean in the plane."""
    basis = np.zeros((means.shape[1], 2), np.float32)
    basis[first, 0] = basis[second, 1] = 1
    centre = means.mean(0)
    centre[[first, second]] = 0  # the axes show the values of the code
    variances = means.var(0)
    total = float(variances.sum())
    share = float(variances[sorted({first, second})].sum()) / total if total > 0 else 0.0
    return Projection((means - centre) @ basis, basis, centre, share)


def aligned(points: Floats, before: Floats) -> Floats:
    """Return points (N, 2) rotated and mirrored about their mean to match earlier ones (N, 2).

    Source:
        Schönemann 1966, A generalized solution of the orthogonal Procrustes problem.
    """
    centred = points - points.mean(0)
    left, _, right = np.linalg.svd(centred.T.astype(np.float64) @ (before - before.mean(0)))
    result: Floats = (centred @ (left @ right) + before.mean(0)).astype(np.float32)
    return result
