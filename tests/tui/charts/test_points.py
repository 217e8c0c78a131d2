"""Points over the lines of a chart."""

import numpy as np
import pytest
from support.charts import line, points, styles_at

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.points import LEAST_APART
from vae_tui.tui.charts.series import Series


def test_many_points_leave_the_line_to_be_seen_between_them():
    xs = np.arange(101)
    rows = draw_chart("KL", [line(xs, xs + 0.0), points(xs, xs + 0.0)], [], 60, 12)[1:-1]
    alone = draw_chart("KL", [line(xs, xs + 0.0)], [], 60, 12)[1:-1]
    drawn = []
    for row, before in zip(rows, alone, strict=True):
        for column in range(5, 60):
            if "color(215)" in styles_at(row, column):
                drawn.append(column)
            else:  # neither its dots nor its colour have changed
                assert row.plain[column] == before.plain[column]
                assert styles_at(row, column) == styles_at(before, column)
    assert np.diff(sorted(drawn)).min() >= LEAST_APART
    assert len(drawn) == pytest.approx(55 / LEAST_APART, abs=2)


def test_the_newest_point_and_the_best_one_are_always_drawn():
    xs = np.arange(101)
    for best in (97, 98, 99):
        tests = Series(xs, np.full(101, 5.0), "color(215)", "test", "points", best=best)
        row = draw_chart("KL", [line([0, 100], [0, 10]), tests], [], 105, 8)[4]
        drawn = [column for column in range(4, 105) if "color(215)" in styles_at(row, column)]
        assert {best + 4, 104} <= set(drawn)
        assert len(drawn) <= 27


def test_points_stand_at_their_heights_in_thirds_of_a_row():
    heights = np.linspace(0, 40, 41)
    rows = draw_chart("KL", [points(np.arange(41) * 10, heights)], [], 204, 12)[1:-1]
    at = {}
    for y, row in enumerate(rows):
        for column, character in enumerate(row.plain):
            if character in "⠛⠶⣤":
                at[column] = 4 * y + {"⠛": 0.5, "⠶": 1.5, "⣤": 2.5}[character]
    expected = (40 - heights) / 40 * (4 * len(rows) - 1)
    drawn = [at[column] for column in sorted(at)]
    assert len(drawn) == 41
    assert np.abs(np.array(drawn) - expected).max() <= 1.0  # of four dots a row


def test_points_stand_over_lines():
    rows = draw_chart("BCE", [points([0, 2, 4], [8, 4, 8]), line([0, 4], [0, 8])], [], 30, 6)
    assert sum(row.plain.count(glyph) for row in rows[1:] for glyph in "⠛⠶⣤") == 3
