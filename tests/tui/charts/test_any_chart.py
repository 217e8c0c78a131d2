"""Charts of any numbers in any size fill their cells exactly."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.charts import epochs_of_training, line, points

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.frame import ChartOptions
from vae_tui.tui.charts.levels import Level
from vae_tui.tui.charts.series import Series

WIDTHS = [0, 1, 2, 5, 7, 8, 9, 16, 24, 40, 79, 200]
HEIGHTS = [0, 1, 2, 3, 4, 5, 8, 11, 24, 60]
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True),
    st.floats(80, 120),
    st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf, 5e-324, 1.7e308, -1.7e308, 1e16 + 2]),
)


@pytest.mark.parametrize("log", [False, True])
def test_every_size_is_filled_exactly(log):
    epochs, losses = epochs_of_training()
    for width, height in product(WIDTHS, HEIGHTS):
        rows = draw_chart(
            "BCE nats/image",
            [line(epochs, losses), points([0, 5], [544, 120])],
            [Level(45.5, "perfect reconstruction", "green"), Level(120, "x", "red")],
            width,
            height,
            ChartOptions(log=log),
            cursor=5,
            marks=[(2, "β 1→4")],
        )
        assert [row.cell_len for row in rows] == [width] * height, (width, height)


@st.composite
def any_series(draw) -> Series:
    xs = draw(st.one_of(st.lists(NUMBERS, max_size=30), st.integers(0, 30).map(range)))
    ys = draw(st.lists(NUMBERS, max_size=30))
    label = draw(st.sampled_from(["", "train", "β 数字"]))
    kind, is_trend = draw(st.sampled_from(["line", "points"])), draw(st.booleans())
    return Series(xs, ys, "red", label, kind, is_trend=is_trend)


@settings(max_examples=150, deadline=None)
@given(
    series=st.lists(any_series(), max_size=3),
    levels=st.lists(st.builds(Level, NUMBERS, st.just("level µ"), st.just("green")), max_size=2),
    width=st.integers(0, 90),
    height=st.integers(0, 20),
    log=st.booleans(),
    cursor=st.one_of(st.none(), NUMBERS),
    marks=st.lists(NUMBERS, max_size=2),
    ascii_only=st.booleans(),
)
def test_no_numbers_break_a_chart(series, levels, width, height, log, cursor, marks, ascii_only):
    with np.errstate(all="raise", under="ignore"):
        rows = draw_chart(
            "BCE µ数",
            series,
            levels,
            width,
            height,
            ChartOptions(log=log, ascii_only=ascii_only),
            cursor=cursor,
            marks=[(mark, "lr 0.1→0.01") for mark in marks],
        )
    assert [row.cell_len for row in rows] == [width] * height
    assert not ascii_only or all(row.plain.isascii() for row in rows)
