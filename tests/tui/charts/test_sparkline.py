"""Small curves in block characters."""

import numpy as np
import pytest

from vae_tui.tui.charts.sparkline import sparkline


def test_a_rising_line_is_drawn_in_eighths():
    assert sparkline(range(8), 8) == ["▁▂▃▄▅▆▇█"]
    assert sparkline(range(16), 16, rows=2) == ["        ▁▂▃▄▅▆▇█", "▁▂▃▄▅▆▇█████████"]
    assert sparkline(range(8), 8, unicode=False) == [".:-=+*#@"]


def test_a_top_makes_zero_the_lowest_height():
    assert sparkline([4, 4], 2, top=8.0) == ["▅▅"]
    assert sparkline([9, 0], 2, top=8.0) == ["█▁"]


@pytest.mark.parametrize("values", [[], [np.nan], [3], [3, 3, np.inf], range(1000)])
@pytest.mark.parametrize("width", [0, 1, 7])
def test_any_values_have_the_width_that_was_requested(values, width):
    (line,) = sparkline(values, width)
    assert len(line) == width
