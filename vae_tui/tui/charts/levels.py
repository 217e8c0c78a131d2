"""Horizontal reference lines of a chart, and their labels in a gutter at the right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vae_tui.tui.charts.axis import Range, short_number
from vae_tui.tui.charts.canvas import Glyphs, narrow_text

LEAST_PLOT, LEAST_PLOT_WITH_VALUES = 24, 34
"""Columns of the plot that names, and names with values, must leave."""


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal reference line, such as the loss of a perfect reconstruction."""

    y: float
    label: str
    colour: str

    def height(self, log: bool) -> float:
        """Return the y coordinate: NaN or -inf if it is not on the axis."""
        if not log:
            return self.y
        return math.log10(self.y) if self.y > 0 else -math.inf


def level_texts(
    levels: Sequence[Level], y_range: Range, columns: int, glyphs: Glyphs, *, log: bool
) -> tuple[str, ...]:
    """Return the label of each level: name and value, the name alone where it is narrow, or none.

    ``columns`` are those of the plot and the gutter. A level outside of the range has no label.
    """
    names = [
        f" {narrow_text(level.label, glyphs)}" if level.height(log) in y_range else ""
        for level in levels
    ]
    full = [
        f"{name} {_value(level.y)}" if name else ""
        for name, level in zip(names, levels, strict=True)
    ]
    for least, texts in ((LEAST_PLOT_WITH_VALUES, full), (LEAST_PLOT, names)):
        if columns - max(map(len, texts), default=0) >= least:
            return tuple(texts)
    return ("",) * len(levels)


def _value(y: float) -> str:
    return f"{y:.0f}" if 10 <= abs(y) < 1e4 else short_number(y)
