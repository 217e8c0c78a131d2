"""The map beside a drawing."""

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.latent.projection import Projection
from vae_tui.tui.state.map_plane import window_for
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.widgets.map.scatter import Cloud


def cloud_around(mean: Floats, plane: Projection, scene: Scene, width: int, height: int) -> Cloud:
    """Return the means of the test images, and the drawing's mean (d,) as a cursor among them.

    The cursor stays within the window of ``width`` and ``height`` cells, which is that of the
    test images.
    """
    assert scene.probe is not None
    window = window_for(plane.points, width, height)
    low, high = window.point(0, height - 1), window.point(width - 1, 0)
    x, y = np.clip((mean - plane.centre) @ plane.basis, low, high).tolist()
    return Cloud(plane.points, scene.probe.labels, window, (x, y), unicode=scene.unicode)
