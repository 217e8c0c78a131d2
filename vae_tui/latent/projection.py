"""Codes in two dimensions by PCA, and back; what was projected before keeps its place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Floats

_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Points of a plane in the latent space, and the plane."""

    points: Floats
    """(N, 2), in the units of the code."""
    basis: Floats
    """(d, 2), orthonormal columns; the second is zero when d is 1."""
    centre: Floats
    """(d,), where the point (0, 0) is."""
    share: float
    """Of the codes' variance, what lies in the plane; 0 to 1."""

    def project(self, codes: Floats) -> Floats:
        """Return the points (M, 2) of codes (M, d)."""
        return ((codes - self.centre) @ self.basis).astype(np.float32)

    def codes_at(self, points: Floats) -> Floats:
        """Return the codes (M, d) in the plane at points (M, 2)."""
        return (self.centre + points @ self.basis.T).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Points of a plane that t-SNE has made of codes so far."""

    codes: Floats
    """(N, d): the means it is of."""
    points: Floats
    """(N, 2)."""
    is_done: bool


def pca(means: Floats, previous: Projection | None = None) -> Projection:
    """Return the plane in which codes (N, d) vary most, turned to fit ``previous``.

    The plane is PCA's. Within it, signs and rotation are free, and taken so that the points (or,
    when they are others, the basis) come as near as possible to the previous ones: they move and
    do not jump. Without a previous one the largest entry of each basis vector is positive.

    Source:
        Schönemann 1966, A generalized solution of the orthogonal Procrustes problem.
    """
    codes = means.astype(np.float64)
    centre = codes.mean(0)
    variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes, rowvar=False, bias=True)))
    basis = np.zeros((len(centre), 2))
    columns = vectors[:, ::-1][:, :2]
    columns *= np.where(columns[np.abs(columns).argmax(0), range(columns.shape[1])] < 0, -1, 1)
    basis[:, : columns.shape[1]] = columns
    if previous is not None and columns.shape[1] == 2:
        basis = basis @ _fitting(codes - centre, basis, previous)
    total = float(variances.sum())
    flat = Projection(
        points=np.empty((0, 2), np.float32),
        basis=basis.astype(np.float32),
        centre=centre.astype(np.float32),
        share=float(variances[-2:].sum()) / total if total > 0 else 0.0,
    )
    return Projection(flat.project(means), flat.basis, flat.centre, flat.share)


def on_dimensions(means: Floats, first: int, second: int) -> Projection:
    """Return codes (N, d) on two of their own dimensions; elsewhere the plane is at the mean."""
    basis = np.zeros((means.shape[1], 2), np.float32)
    basis[first, 0] = basis[second, 1] = 1
    centre = means.mean(0)
    centre[[first, second]] = 0  # the axes show the code's own numbers
    variances = means.var(0)
    total = float(variances.sum())
    share = float(variances[sorted({first, second})].sum()) / total if total > 0 else 0.0
    return Projection((means - centre) @ basis, basis, centre, share)


def turned(points: Floats, before: Floats) -> Floats:
    """Return points (N, 2) turned and mirrored about their mean to fit earlier ones (N, 2)."""
    centred = points - points.mean(0)
    turn = _nearest_turn(centred.T.astype(np.float64) @ (before - before.mean(0)))
    result: Floats = (centred @ turn + before.mean(0)).astype(np.float32)
    return result


def _fitting(centred: _Doubles, basis: _Doubles, previous: Projection) -> _Doubles:
    """Return the orthogonal (2, 2) that brings new points nearest to the previous ones."""
    if len(centred) == len(previous.points):
        was = previous.points - previous.points.mean(0)
        return _nearest_turn((centred @ basis).T @ was)
    if len(basis) == len(previous.basis):
        return _nearest_turn(basis.T @ previous.basis)
    return np.eye(2)


def _nearest_turn(overlap: _Doubles) -> _Doubles:
    left, _, right = np.linalg.svd(overlap)
    turn: _Doubles = left @ right
    return turn
