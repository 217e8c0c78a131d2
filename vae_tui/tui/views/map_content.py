"""What the map's widgets draw, made from a scene and a plane."""

from operator import ne

import numpy as np
from rich.cells import cell_len

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.codes import quantiles
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.terminal.class_colours import class_mark
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.state.map_plane import Indices, MapPlane
from vae_tui.tui.state.scene import EncodedProbe, Scene
from vae_tui.tui.widgets.map.class_grid import ClassList
from vae_tui.tui.widgets.map.manifold import DecodedGrid
from vae_tui.tui.widgets.map.scatter import Cloud, with_bubbles

BUBBLES_PER_CLASS = 4
"""More bubbles would hide each other."""
NEAR_CENTRE = 20
"""Points nearest to the centre of a class, of which it has..."""
LEAST_OWN = 0.25
"""...at least this share, or it lies among the other classes."""
Centres = tuple[tuple[int, tuple[float, float]], ...]
"""Classes with the medians of their points."""


def cloud_of(
    encoded: EncodedProbe, plane: MapPlane, *, bubbles: bool, named: bool, unicode: bool
) -> Cloud:
    """Return the points of a plane that has points and a window.

    With ``bubbles`` there are fewer, with their standard deviations; ``named`` adds the names of
    the classes.
    """
    assert plane.points is not None and plane.window is not None
    probe = encoded.probe
    has_classes = len(probe.classes) > 1
    centres = _centres(plane.points, probe) if named and has_classes else ()
    cloud = Cloud(
        *(plane.points, probe.labels, plane.window, plane.cursor),
        centres=centres,
        names=telling_names(probe.classes, unicode=unicode),
        mixed=mixed_classes(plane.points, probe.labels, centres),
        has_classes=has_classes,
        unicode=unicode,
    )
    if not bubbles or plane.is_embedded or plane.projection is None:
        return cloud
    classes = range(len(probe.classes))
    chosen = np.concatenate([probe.of_class(c)[:BUBBLES_PER_CLASS] for c in classes])
    return with_bubbles(cloud, chosen, plane.projection.basis, encoded.logvars)


def decoded_grid(
    scene: Scene, network: Network, plane: MapPlane, size: tuple[int, int]
) -> DecodedGrid:
    """Return the manifold with digits of ``size``, in cells."""
    columns, rows = plane.grid
    codes = quantiles(columns, rows)
    return DecodedGrid(
        images=network.decode(codes),
        columns=columns,
        rows=rows,
        size=size,
        across=codes[:columns, 0].tolist(),
        up=codes[::columns, 1].tolist(),
        cursor=plane.digit,
        palette=scene.palette,
        unicode=scene.unicode,
    )


def class_list(encoded: EncodedProbe, palette: Palette) -> ClassList:
    """Return the classes that have test images, and the mean code of each, decoded."""
    probe = encoded.probe
    members = [(label, probe.of_class(label)) for label in range(len(probe.classes))]
    present = [(label, images) for label, images in members if len(images)]
    means = np.stack([encoded.means[images].mean(0) for _, images in present])
    return ClassList(
        encoded.network.decode(means),
        [label for label, _ in present],
        [probe.classes[label] for label, _ in present],
        [len(images) for _, images in present],
        palette,
    )


def neighbours(scene: Scene, probe: Probe, nearest: Indices) -> ClassList:
    """Return the test images ``nearest`` (K,), for a run without classes."""
    names = [f"#{index}" for index in nearest]
    return ClassList(probe.images[nearest], (), names, (), scene.palette)


def mixed_classes(points: Floats, labels: Bytes, centres: Centres) -> frozenset[int]:
    """Return the classes around whose centres most of the points (N, 2) are of others."""

    def own_share(label: int, centre: tuple[float, float]) -> float:
        distances = np.square(points - np.array(centre)).sum(1)
        nearest = np.argsort(distances, kind="stable")[:NEAR_CENTRE]
        return float((labels[nearest] == label).mean())

    return frozenset(label for label, centre in centres if own_share(label, centre) < LEAST_OWN)


def telling_names(names: tuple[str, ...], *, unicode: bool) -> tuple[str, ...]:
    """Return the names of classes; empty if they are the marks, or need more cells or signs."""
    is_plain = all(len(name) == cell_len(name) and (unicode or name.isascii()) for name in names)
    return names if is_plain and any(map(ne, names, map(class_mark, range(len(names))))) else ()


def _centres(points: Floats, probe: Probe) -> Centres:
    """Return the median of the points of each class that has any."""
    centres = []
    for label in range(len(probe.classes)):
        if len(images := probe.of_class(label)):
            x, y = np.median(points[images], axis=0)
            centres.append((label, (float(x), float(y))))
    return tuple(centres)
