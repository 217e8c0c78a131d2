"""Single points over the lines of a chart, thinned so that the lines stay visible."""

from collections.abc import Iterator

import numpy as np

from vae_tui.tui.charts.axis import Doubles
from vae_tui.tui.charts.canvas import Canvas
from vae_tui.tui.charts.frame import Frame
from vae_tui.tui.charts.series import Curve

LEAST_APART = 4
"""Minimum distance of drawn points, in columns."""


def draw_points(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    """Draw some points of ``curve``, each in place of one cell, at the height of its value."""
    columns = frame.x_dots(curve.xs) // 2
    heights = (1.0 - frame.y_range.share(curve.ys)) * (4 * frame.rows - 1)
    last = 4 * frame.rows - 1
    for index in _shown(curve, columns):
        if 0 <= columns[index] < frame.columns and -0.5 <= heights[index] <= last + 0.5:
            row, glyph = _cell(float(heights[index]), frame.rows)
            character = curve.series.mark or canvas.glyphs.points[glyph]
            canvas.write(row, int(columns[index]), character, curve.series.colour, reserved=True)


def _shown(curve: Curve, columns: Doubles) -> Iterator[int]:
    """Yield the indices of the newest point, the best one, and others at a distance from them."""
    indices = range(len(columns))[::-1]
    always = [*indices[:1], *np.flatnonzero(curve.is_best).tolist()]
    yield from always
    taken = columns[always].tolist()
    for index, column in zip(indices, columns[::-1].tolist(), strict=True):
        if all(abs(column - other) >= LEAST_APART for other in taken):
            taken.append(column)
            yield index


def _cell(height: float, rows: int) -> tuple[int, int]:
    """Return the row of a point, and which glyph shows its height there.

    ``height`` counts dots from the top, four a row; a glyph is two dots high.
    """
    row = min(max(int((height + 0.5) // 4), 0), rows - 1)
    return row, min(max(round(height - 4 * row - 0.5), 0), 2)
