"""Draws one curve with plotext (6.1.0); no other module imports it.

plotext aborts the process on a NaN, and when two threads draw: call it in the main thread only.
It gets finite dot positions, at most two per column, and a new figure for each curve.
"""

import sys
from functools import lru_cache
from types import ModuleType

import numpy as np

from vae_tui.tui.charts.axis import Doubles
from vae_tui.tui.charts.series import Curve, two_a_column
from vae_tui.tui.charts.thick_line import PEN, thickened

# plotext formats its interactive documentation when it is imported: 0.1 s of the start.
_no_documentation = ModuleType("plotext._doc.doc")
_no_documentation.docs = None  # type: ignore[attr-defined]
sys.modules.setdefault(_no_documentation.__name__, _no_documentation)
import plotext  # noqa: E402

POINT = "•"

_Dots = tuple[tuple[float, float], ...]
"""Positions on a canvas, in cells from the lower left."""


def plotext_curve(
    curve: Curve, x_dots: Doubles, y_dots: Doubles, columns: int, rows: int, pen: int = 1
) -> list[str]:
    """Return the curve without axes: for each row a string of ``columns`` braille cells or points.

    ``x_dots`` and ``y_dots`` are each point's braille dot column, from the left, and row, from the
    top; of a line ``pen`` dots thick, the first ones. Points without neighbours, between gaps, are
    drawn as `POINT`.
    """
    if not len(x_dots):
        return []
    # plotext visits every dot of a line: clip far outside to just outside.
    y_dots = y_dots.clip(-8, 4 * rows + 8)
    kept = two_a_column(x_dots // 2, y_dots)
    gaps = np.cumsum(curve.after_gap)[kept]
    joined = np.diff(gaps, prepend=-1) == 0  # to the previous point
    alone = ~joined & ~np.append(joined[1:], False)
    xs, ys = (x_dots[kept] + 0.5) / 2, rows - (y_dots[kept] + 0.5) / 4
    line = tuple(zip(xs[~alone].tolist(), ys[~alone].tolist(), strict=True))
    breaks = tuple(np.flatnonzero(~joined[~alone]).tolist())
    points = tuple(zip(xs[alone].tolist(), ys[alone].tolist(), strict=True))
    return _drawn(columns, rows, line, breaks, points, pen)


@lru_cache(maxsize=16)
def _drawn(
    columns: int, rows: int, line: _Dots, breaks: tuple[int, ...], points: _Dots, pen: int
) -> list[str]:
    """Draw a line that is interrupted before the indices ``breaks``, and points.

    Cached: in a long run few new values move a dot.
    """
    plotext.terminal.limit(False, False)
    figure = type(plotext.figure)(plotext.terminal)
    figure.plot_size(columns, rows)
    figure.axes(False)
    figure.canvas("default")
    figure.ruler("x").lim(0, columns).frequency(0).alignment("edge")
    figure.ruler("y").lim(0, rows).frequency(0).alignment("edge")
    if line:
        signal = figure.signal(*map(list, zip(*line, strict=True)), marker="braille").lines()
        for index in breaks:
            signal.line(index, False)
        figure.draw(signal)
    if points:
        figure.draw(figure.signal(*map(list, zip(*points, strict=True)), marker=POINT))
    drawn: list[str] = figure.build().string(colorless=True).split("\n")[:rows]
    return thickened(drawn) if pen == PEN else drawn
