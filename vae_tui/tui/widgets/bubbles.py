"""Ellipses of one standard deviation around points of a scatter plot."""

from dataclasses import replace

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.tui.state.map_plane import Indices
from vae_tui.tui.widgets.scatter import Cloud

CORNERS = 96


def with_bubbles(cloud: Cloud, chosen: Indices, basis: Floats, logvars: Floats) -> Cloud:
    """Return the cloud of the chosen points only, with the outlines of their bubbles.

    Args:
        cloud: N points.
        chosen: Indices of points, (M,).
        basis: Basis of the plane, (d, 2).
        logvars: Log-variances of q(z|x), (N, d).
    """
    variances = np.exp(logvars[chosen].astype(np.float64))
    covariances = np.einsum("dk,nd,dl->nkl", basis, variances, basis)
    # The square root of a covariance maps the unit circle to the outline. Rounding may leave
    # eigenvalues slightly negative.
    lengths, axes = np.linalg.eigh(covariances)
    roots = axes * np.sqrt(np.maximum(lengths, 0))[:, None, :]
    angles = np.linspace(0, 2 * np.pi, CORNERS)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    points = cloud.points[chosen]
    outlines = points[:, None, :] + (roots @ circle).transpose(0, 2, 1).astype(np.float32)
    return replace(cloud, points=points, labels=cloud.labels[chosen], outlines=outlines)
