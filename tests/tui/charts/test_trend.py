"""The trend of a chart: a thick line over a quiet ground."""

import numpy as np
import pytest
from support.charts import line, picture, points, styles_at

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.frame import ChartOptions
from vae_tui.tui.charts.series import Series
from vae_tui.tui.charts.thick_line import thickened


def trend(xs, ys) -> Series:
    return Series(xs, ys, "color(39)", "trend", is_trend=True)


def dots(rows: list[str]) -> np.ndarray:
    """Return the braille dots of rows, (4 * rows, 2 * columns), by Unicode's numbering of them."""
    patterns = np.array(
        [[ord(cell) - 0x2800 if cell != " " else 0 for cell in row] for row in rows]
    )
    order = [[0, 3], [1, 4], [2, 5], [6, 7]]
    bits = patterns[:, None, :, None] >> np.array(order)[None, :, None, :] & 1
    return bits.reshape(4 * len(rows), -1).astype(bool)


def test_each_dot_becomes_a_square_of_four_across_cells_too():
    rows = ["⠀⢀⠂".replace("⠀", " "), "⠐ •", "⠁⡀⠈"]
    before = dots([row.replace("•", " ") for row in rows])
    after = thickened(rows)
    assert after[1][2] == "•"
    expected = np.zeros_like(before)
    for y, x in np.argwhere(before):
        expected[y : y + 2, x : x + 2] = True
    expected[4:8, 4:6] = False  # the point
    np.testing.assert_array_equal(dots([row.replace("•", " ") for row in after]), expected)
    assert "⠀" not in "".join(after)


@pytest.mark.parametrize("level", np.linspace(0, 10, 41))
def test_a_level_trend_is_two_dots_high_at_every_height(level):
    rows = draw_chart("KL", [line([0, 9], [0, 10], ""), trend([0, 9], [level, level])], [], 30, 8)
    shown = [
        "".join(c if "color(39)" in styles_at(row, at) else " " for at, c in enumerate(row.plain))
        for row in draw_chart("KL", [trend([0, 9], [level, level]), points([0, 9], [0, 10], "")],
                              [], 30, 8)[1:-1]
    ]  # fmt: skip
    assert len(rows) == 8
    middle = dots([row[12:20] for row in shown])
    heights = np.flatnonzero(middle.all(1))
    assert len(heights) == 2 == heights[-1] - heights[0] + 1
    top = (1 - level / 10) * (middle.shape[0] - 1)
    assert heights.mean() == pytest.approx(top, abs=1.0)


def test_the_ground_reaches_from_the_trend_to_the_axis_and_a_gap_has_none():
    ys = [8.0, 8, 8, np.nan, 2, 2, 2]
    rows = draw_chart("KL", [trend(range(7), ys), points([0, 6], [0, 10], "")], [], 44, 12)[1:-1]
    left = rows[1].plain.index("│") + 1

    def ground(column):
        return ["fill" in styles_at(row, column) for row in rows]

    high, gap, low = (ground(left + round(share * (43 - left))) for share in (0.15, 0.5, 0.85))
    assert high == sorted(high)
    assert 0.7 <= sum(high) / len(rows) <= 0.9
    assert 0.1 <= sum(low) / len(rows) <= 0.3
    assert not any(gap)


def test_a_level_a_mark_and_points_keep_their_colours_over_the_ground():
    series = [trend([0, 9], [8, 8]), points([5], [3])]
    rows = draw_chart("KL", series, [], 44, 12, marks=[(2.0, "lr")], cursor=7.0)
    cells = {styles_at(row, at) for row in rows for at in range(44)}
    assert any("fill" in cell and "color(215)" in cell for cell in cells)
    assert any("fill" in cell and "mark" in cell for cell in cells)
    assert any(cell.startswith("fill") and cell.endswith("cursor") for cell in cells)


def test_only_the_trend_is_thick_and_its_sign_says_so():
    xs, ys = np.arange(50.0), np.full(50, 5.0)
    thin = draw_chart("KL", [line(xs, ys)], [], 44, 12)
    thick = draw_chart("KL", [trend(xs, ys)], [], 44, 12)
    assert "── train" in thin[0].plain
    assert "━━ trend" in thick[0].plain
    assert not any("fill" in styles_at(row, at) for row in thin for at in range(44))


def test_in_ascii_a_trend_is_drawn_as_any_line():
    xs, ys = np.arange(50.0), np.sin(np.arange(50.0) / 8)
    options = ChartOptions(ascii_only=True)
    thin = draw_chart("KL", [line(xs, ys)], [], 44, 12, options)
    thick = draw_chart("KL", [trend(xs, ys)], [], 44, 12, options)
    assert picture(thick) == picture(thin).replace("train", "trend")


@pytest.mark.parametrize("own", [trend, line])
def test_where_another_runs_line_coincides_both_are_seen_in_turn(own):
    xs, ys = np.arange(50.0), np.full(50, 4.6)
    other = Series(xs, ys, "color(170)", "other", is_named=True)
    rows = draw_chart("KL", [other, own(xs, ys), points([0, 49], [0, 10], "")], [], 64, 12)[1:-1]
    cells = [styles_at(row, at) for row in rows for at in range(8, 60)]
    ours, others = (sum(colour in cell for cell in cells) for colour in ("(39)", "(170)"))
    assert others == pytest.approx(26, abs=2)
    assert ours >= others - 2
