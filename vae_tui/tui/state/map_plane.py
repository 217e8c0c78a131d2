"""The map: codes in two dimensions, the part of the plane on the screen, and a cursor."""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.codes import quantiles
from vae_tui.latent.projection import Embedding, Projection, on_dimensions, pca
from vae_tui.tui.state.cycle import next_of

METHODS = ("pca", "tsne", "dimensions", "manifold")
"""The last one only for two latent dimensions."""
MARGIN = 0.02
"""Share of the window's width that stays free at each side."""
WINDOW_STEPS = 12
"""Edges of a window lie on a grid with at least this many steps in the spread of the points.

So points can move a little before the window does."""
NEIGHBOURS = 10
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


def window_for(points: Floats, width: int, height: int) -> Window:
    """Return the window that holds nearly all points (N, 2).

    It depends on the points and the size alone: the same weights give the same picture.
    """
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    spread = max(float((high - low).max()), 1e-6)
    step = 2.0 ** np.floor(np.log2(spread / WINDOW_STEPS))
    low, high = np.floor(low / step) * step, np.ceil(high / step) * step
    size = np.maximum(high - low, 1e-6) * (1 + 2 * MARGIN)
    scale = float(max(size[0] / width, size[1] / (2 * height)))
    middle = (low + high) / 2
    left, top = float(middle[0]) - scale * width / 2, float(middle[1]) + scale * height
    return Window(left, top, scale, width, height)


@dataclass(frozen=True, slots=True, eq=False)
class CodeAtCursor:
    """What is at the cursor."""

    code: Floats
    """(d,)."""
    text: str
    nearest: Indices
    """Indices of the test images whose means are nearest on the map, at most `NEIGHBOURS`."""


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
    """None until the points are shown in a new way."""
    cursor: tuple[float, float] = (0.0, 0.0)
    grid: tuple[int, int] = (1, 1)
    """Columns and rows of the manifold."""
    manifold_cursor: tuple[float, float] = (0.5, 0.5)
    """Its place on the manifold, as probabilities of the prior to the left and below, 0 to 1."""
    label: int = -1
    """The class that the cursor jumped to last."""

    @property
    def points(self) -> Floats | None:
        """Where the codes are on the map, (N, 2); None before there is a result.

        Until t-SNE has its first result, they stay where PCA has them.
        """
        shown = self.embedding if self.is_embedded else self.projection
        return shown.points if shown else None

    @property
    def is_embedded(self) -> bool:
        """Whether the points are a result of t-SNE."""
        return self.method == "tsne" and self.embedding is not None

    @property
    def description(self) -> str:
        """What is shown, in words, and how much of the codes' variance."""
        if self.is_embedded:
            return "t-SNE"
        share = f"{self.projection.share:.0%} of the variance" if self.projection else ""
        if self.method == "dimensions" and self.dimensions is not None:
            across, upwards = self.dimensions
            return f"z{across + 1} across, z{upwards + 1} upwards, {share}"
        return f"PCA, {share}"

    def with_next_method(self, latent_dim: int) -> "MapPlane":
        """Choose the next method, and a new window for it."""
        methods = METHODS if latent_dim == 2 else METHODS[:3]
        return replace(self, method=next_of(methods, self.method), window=None)

    def with_next_dimension(self, axis: int, latent_dim: int) -> "MapPlane":
        """Show the next dimension across (``axis`` 0) or upwards (1), never the same on both."""
        if self.method != "dimensions" or self.dimensions is None:
            return self
        chosen = list(self.dimensions)
        chosen[axis] = (chosen[axis] + 1) % latent_dim
        if chosen[0] == chosen[1]:
            chosen[axis] = (chosen[axis] + 1) % latent_dim
        return replace(self, dimensions=(chosen[0], chosen[1]), window=None)

    def with_embedding(self, embedding: Embedding, step: int) -> "MapPlane":
        """Show a result of t-SNE for weights of ``step``; the cursor stays on its digit."""
        before = self.points if self.method == "tsne" else None
        plane = replace(self, embedding=embedding, embedding_step=step)
        if before is None or self.window is None or len(before) != len(embedding.points):
            return plane
        x, y = embedding.points[_nearest(before, self.cursor)[0]]
        return replace(plane, cursor=(float(x), float(y)))

    def projected(self, means: Floats) -> "MapPlane":
        """Project codes (N, d); t-SNE is computed elsewhere."""
        if self.method != "dimensions":
            return replace(self, projection=pca(means))
        dimensions = self.dimensions
        if dimensions is None or max(dimensions) >= means.shape[1]:
            order = np.argsort(-means.var(0), kind="stable")
            dimensions = int(order[0]), int(order[min(1, len(order) - 1)])
        projection = on_dimensions(means, *dimensions)
        return replace(self, projection=projection, dimensions=dimensions)

    def fitted(self, width: int, height: int, labels: Bytes) -> "MapPlane":
        """Choose the window for a pane of cells; in a first one the cursor is on a class.

        That is the class it was on before, or the first one of ``labels`` (N,).
        """
        if self.points is None:
            return self
        plane = replace(self, window=window_for(self.points, width, height))
        if self.window is not None:
            return plane
        label = self.label if (labels == self.label).any() else int(labels.min())
        return replace(plane, label=label, cursor=_centre(self.points, labels, label))

    def moved(self, columns: int, rows: int) -> "MapPlane":
        """Move the cursor by cells, or digits of the manifold, down and to the right.

        It stays in the window.
        """
        if self.method == "manifold":
            column, row = self.digit
            return self.at_digit(column + columns, row + rows)
        if (window := self.window) is None:
            return self
        left, top = window.point(0, 0)
        right, bottom = window.point(window.width - 1, window.height - 1)
        x, y = self.cursor
        x, y = x + columns * window.scale, y - rows * 2 * window.scale
        return replace(self, cursor=(min(max(x, left), right), min(max(y, bottom), top)))

    @property
    def digit(self) -> tuple[int, int]:
        """Column and row of the manifold's digit that the cursor is on."""
        (across, up), (columns, rows) = self.manifold_cursor, self.grid
        column, row = int(across * columns), int((1 - up) * rows)
        return min(column, columns - 1), min(row, rows - 1)

    def at_digit(self, column: int, row: int) -> "MapPlane":
        """Move the manifold's cursor to a digit, or to the nearest one that is shown."""
        columns, rows = self.grid
        column, row = min(max(column, 0), columns - 1), min(max(row, 0), rows - 1)
        return replace(self, manifold_cursor=((column + 0.5) / columns, 1 - (row + 0.5) / rows))

    def at_next_class(self, labels: Bytes, means: Floats, steps: int) -> "MapPlane":
        """Move the cursor to the median of the next class that has images.

        ``labels`` (N,) are the images' classes, ``means`` (N, d) their codes; ``steps`` is 1, or -1
        for the previous class.
        """
        present = sorted(set(labels.tolist()))
        if self.points is None or not present:
            return self
        first = 0 if steps > 0 else len(present) - 1
        index = (present.index(self.label) + steps) if self.label in present else first
        label = present[index % len(present)]
        if self.method == "manifold":
            across, up = map(NormalDist().cdf, _centre(means, labels, label))
            return replace(self, manifold_cursor=(across, up), label=label)
        return replace(self, cursor=_centre(self.points, labels, label), label=label)

    def at_cursor(self, means: Floats) -> CodeAtCursor | None:
        """Return what is at the cursor; ``means`` (N, d) are the codes on the map.

        t-SNE has no inverse: there it is the nearest of the means.
        """
        if self.method == "manifold":
            columns, rows = self.grid
            column, row = self.digit
            code = quantiles(columns, rows)[row * columns + column]
            text = f"at {code[0]:z.2f}, {code[1]:z.2f}"
            return CodeAtCursor(code, text, _nearest(means, (code[0], code[1])))
        if self.points is None or self.projection is None:
            return None
        nearest = _nearest(self.points, self.cursor)
        if self.is_embedded:
            return CodeAtCursor(means[nearest[0]], f"at mean #{nearest[0]}", nearest)
        x, y = self.cursor
        code = self.projection.codes_at(np.array([self.cursor], np.float32))[0]
        digits = 2 if max(abs(x), abs(y)) < 10 else 0
        return CodeAtCursor(code, f"at {x:z.{digits}f}, {y:z.{digits}f}", nearest)


def _centre(points: Floats, labels: Bytes, label: int) -> tuple[float, float]:
    """Return the median of the points (N, 2) of a class."""
    x, y = np.median(points[labels == label], axis=0)
    return float(x), float(y)


def _nearest(points: Floats, cursor: tuple[float, float]) -> Indices:
    distances = np.square(points - np.array(cursor, np.float32)).sum(1)
    order: Indices = distances.argsort(kind="stable")
    return order[:NEIGHBOURS]
