"""The quiet ground between a curve and the x axis."""

import numpy as np

from vae_tui.tui.charts.canvas import Canvas
from vae_tui.tui.charts.frame import Frame
from vae_tui.tui.charts.series import Curve

FILL = "fill"


def draw_ground(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    """Colour the cells below the curve, and its own where it lies in their upper part."""
    if len(curve.xs) < 2:
        return
    centres = 2.0 * np.arange(frame.columns) + 0.5
    places = frame.x_range.share(curve.xs) * (2 * frame.columns - 1)
    heights = (1.0 - frame.y_range.share(curve.ys)) * (4 * frame.rows - 1)
    next_point = np.searchsorted(places, centres)
    is_between = (next_point > 0) & (next_point < len(places))
    is_between &= ~curve.after_gap[np.minimum(next_point, len(places) - 1)]
    heights = np.interp(centres, places, heights.clip(-8, 4 * frame.rows + 8))
    first_rows = np.where(is_between, np.ceil((heights - 1.0) / 4), frame.rows)
    is_below = first_rows[None, :] <= np.arange(frame.rows)[:, None]
    ends = np.argwhere(np.diff(is_below, axis=1, prepend=False, append=False)).tolist()
    for (row, start), (_, end) in zip(ends[::2], ends[1::2], strict=True):
        canvas.colour_ground(row, start, end, FILL)
