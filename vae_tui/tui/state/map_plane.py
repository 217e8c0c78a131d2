"""The map: codes in two dimensions, the part of the plane on the screen, and a cursor."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.projection import Embedding, Projection, on_dimensions, pca

METHODS = ("pca", "tsne", "dimensions", "manifold")
"""The last one only for two latent dimensions."""
MARGIN = 0.04
"""Share of the window's width that stays free at each side."""
LEAST_FILLED = 0.55
"""A window is kept until the points fill less than this share of it, so that the map is steady."""
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the plane on the screen; a cell is twice as high as wide."""

    left: float
    top: float
    """In units of the plane."""
    scale: float
    """Width of a cell in units of the plane."""
    width: int
    height: int

    def cells(self, points: Floats) -> tuple[Indices, Indices]:
        """Return columns and rows of points (N, 2), also of those outside."""
        columns = np.floor((points[..., 0] - self.left) / self.scale)
        rows = np.floor((self.top - points[..., 1]) / (2 * self.scale))
        return columns.astype(np.intp), rows.astype(np.intp)

    def point(self, column: float, row: float) -> tuple[float, float]:
        """Return the centre of a cell."""
        return self.left + (column + 0.5) * self.scale, self.top - (row + 0.5) * 2 * self.scale


def window_for(points: Floats, width: int, height: int, before: Window | None = None) -> Window:
    """Return a window for points (N, 2): the one ``before`` as long as they fit and fill it."""
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    if before is not None and (before.width, before.height) == (width, height):
        columns, rows = before.cells(np.stack([low, high]))
        inside = columns[0] >= 0 and columns[1] < width and rows[1] >= 0 and rows[0] < height
        filled = max((columns[1] - columns[0]) / width, (rows[0] - rows[1]) / height)
        if inside and filled > LEAST_FILLED:
            return before
    spread = np.maximum(high - low, 1e-6) * (1 + 2 * MARGIN)
    scale = float(max(spread[0] / width, spread[1] / (2 * height)))
    middle = (low + high) / 2
    left, top = float(middle[0]) - scale * width / 2, float(middle[1]) + scale * height
    return Window(left, top, scale, width, height)


@dataclass(frozen=True, slots=True, eq=False)
class MapPlane:
    """How the codes are shown in two dimensions; methods return a new plane."""

    method: str = "pca"
    """One of ``METHODS``."""
    projection: Projection | None = None
    embedding: Embedding | None = None
    """The newest result of t-SNE."""
    embedding_step: int = 0
    """The step of the weights that it was computed from, which may not be the newest ones."""
    dimensions: tuple[int, int] | None = None
    """The dimensions shown across and upwards; None before the first weights."""
    window: Window | None = None
    cursor: tuple[float, float] = (0.0, 0.0)

    @property
    def points(self) -> Floats | None:
        """Where the codes are on the map, (N, 2); None before there is a result."""
        shown = self.embedding if self.method == "tsne" else self.projection
        return shown.points if shown else None

    @property
    def description(self) -> str:
        """The method in words, and how much of the codes' variance it shows."""
        if self.method == "tsne":
            return "t-SNE"
        share = f"{self.projection.share:.0%} of the variance" if self.projection else ""
        if self.method == "dimensions" and self.dimensions is not None:
            across, upwards = self.dimensions
            return f"z{across + 1} across, z{upwards + 1} upwards, {share}"
        return f"PCA, {share}"

    def with_next_method(self, latent_dim: int) -> "MapPlane":
        """Choose the next method, and a new window for it."""
        methods = METHODS if latent_dim == 2 else METHODS[:3]
        method = methods[(METHODS.index(self.method) + 1) % len(methods)]
        return replace(self, method=method, window=None)

    def with_next_dimension(self, axis: int, latent_dim: int) -> "MapPlane":
        """Show the next dimension across (``axis`` 0) or upwards (1), never the same on both."""
        if self.method != "dimensions" or self.dimensions is None:
            return self
        chosen = list(self.dimensions)
        chosen[axis] = (chosen[axis] + 1) % latent_dim
        if chosen[0] == chosen[1]:
            chosen[axis] = (chosen[axis] + 1) % latent_dim
        return replace(self, dimensions=(chosen[0], chosen[1]), window=None)

    def projected(self, means: Floats) -> "MapPlane":
        """Project codes (N, d); t-SNE is computed elsewhere."""
        if self.method == "tsne":
            return self
        if self.method != "dimensions":
            return replace(self, projection=pca(means, self.projection))
        dimensions = self.dimensions
        if dimensions is None or max(dimensions) >= means.shape[1]:
            order = np.argsort(-means.var(0))
            dimensions = int(order[0]), int(order[min(1, len(order) - 1)])
        projection = on_dimensions(means, *dimensions)
        return replace(self, projection=projection, dimensions=dimensions)

    def fitted(self, width: int, height: int) -> "MapPlane":
        """Choose the window for cells; a first one has the cursor in its centre."""
        if self.points is None:
            return self
        window = window_for(self.points, width, height, self.window)
        cursor = self.cursor if self.window else window.point(width // 2, height // 2)
        return replace(self, window=window, cursor=cursor)

    def moved(self, columns: int, rows: int) -> "MapPlane":
        """Move the cursor by cells, down and to the right, but not out of the window."""
        if (window := self.window) is None:
            return self
        left, top = window.point(0, 0)
        right, bottom = window.point(window.width - 1, window.height - 1)
        x, y = self.cursor
        x, y = x + columns * window.scale, y - rows * 2 * window.scale
        return replace(self, cursor=(min(max(x, left), right), min(max(y, bottom), top)))

    def at_centre_of(self, members: Indices) -> "MapPlane":
        """Move the cursor to the median of these points."""
        if self.points is None or not len(members):
            return self
        x, y = np.median(self.points[members], axis=0)
        return replace(self, cursor=(float(x), float(y)))

    def code_at_cursor(self, means: Floats, labels: Bytes) -> tuple[Floats, str] | None:
        """Return the code (d,) at the cursor and what it is; for t-SNE, the nearest of ``means``.

        ``means`` (N, d) are the codes on the map, ``labels`` (N,) their classes.
        """
        points, cursor = self.points, np.array(self.cursor, np.float32)
        if points is None:
            return None
        if self.method == "tsne" or self.projection is None:
            nearest = int(np.square(points - cursor).sum(1).argmin())
            return means[nearest], f"nearest: #{nearest}, a {labels[nearest]}"
        x, y = self.cursor
        return self.projection.codes_at(cursor[None])[0], f"at {x:.2f}, {y:.2f}"
