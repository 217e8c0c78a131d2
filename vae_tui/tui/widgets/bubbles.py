"""Ellipses around some of a cloud's points: one standard deviation of Gaussians, in a plane."""

from dataclasses import replace

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.tui.state.map_plane import Indices
from vae_tui.tui.widgets.scatter import Cloud

CORNERS = 96


def with_bubbles(cloud: Cloud, chosen: Indices, basis: Floats, logvars: Floats) -> Cloud:
    """Return the cloud of the chosen points alone, with the outlines of their bubbles.

    Args:
        cloud: Of N points.
        chosen: Which of them, (M,).
        basis: Of the plane, (d, 2).
        logvars: Logarithms of the variances along the code's dimensions, (N, d).
    """
    variances = np.exp(logvars[chosen].astype(np.float64))
    covariances = np.einsum("dk,nd,dl->nkl", basis, variances, basis)
    # A root of each turns a circle into the outline. Rounding leaves some eigenvalues below zero.
    lengths, axes = np.linalg.eigh(covariances)
    roots = axes * np.sqrt(np.maximum(lengths, 0))[:, None, :]
    angles = np.linspace(0, 2 * np.pi, CORNERS)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    points = cloud.points[chosen]
    outlines = points[:, None, :] + (roots @ circle).transpose(0, 2, 1).astype(np.float32)
    return replace(cloud, points=points, labels=cloud.labels[chosen], outlines=outlines)
