"""The map beside a drawing."""

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.projection import Projection
from vae_tui.tui.state.map_plane import Window
from vae_tui.tui.widgets.map.scatter import Cloud


def cloud_around(
    mean: Floats, plane: Projection, labels: Bytes, window: Window, *, unicode: bool
) -> Cloud:
    """Return the means of the test images, and the drawing's mean (d,) as a cursor among them.

    ``labels`` are the classes of the images, (N,). The cursor stays within the window.
    """
    low, high = window.point(0, window.height - 1), window.point(window.width - 1, 0)
    x, y = np.clip((mean - plane.centre) @ plane.basis, low, high).tolist()
    return Cloud(plane.points, labels, window, (x, y), unicode=unicode)
