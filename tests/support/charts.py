"""Series to draw, and what a drawn chart shows."""

import numpy as np
from rich.text import Text

from vae_tui.tui.charts.series import Series


def line(xs, ys, label="train") -> Series:
    return Series(xs, ys, "color(39)", label)


def points(xs, ys, label="test") -> Series:
    return Series(xs, ys, "color(215)", label, "points")


def picture(rows: tuple[Text, ...]) -> str:
    """Return the chart as text with its right edge marked, so that trailing spaces show."""
    return "\n".join(row.plain + "|" for row in rows)


def styles_at(row: Text, column: int) -> str:
    return " ".join(str(span.style) for span in row.spans if span.start <= column < span.end)


def epochs_of_training() -> tuple[np.ndarray, np.ndarray]:
    """Return a training loss as it really goes: 544, then 190, 133, 121, ... 108."""
    epochs = np.linspace(0, 10, 500)
    knots = [544, 170, 133, 121, 116, 113, 111, 110, 109, 108.5, 108]
    return epochs, np.interp(epochs, range(11), knots)
