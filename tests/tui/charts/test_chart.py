"""Charts compared with charts written down here, and with the shape every chart must have."""

import numpy as np
import pytest
from support.charts import epochs_of_training, line, picture, points, styles_at

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.frame import ChartOptions
from vae_tui.tui.charts.levels import Level


def test_a_straight_line_rises_from_corner_to_corner():
    rows = draw_chart("BCE nats/image", [line([0, 4], [0, 8])], [], 40, 7)
    assert picture(rows) == (
        "BCE nats/image  ── train 8.00           |\n"
        "     │                           ⢀⣀⡠⠤⠒⠒⠉|\n"
        "    5┤                    ⢀⣀⡠⠤⠒⠒⠉⠁      |\n"
        "     │             ⢀⣀⠤⠤⠒⠒⠉⠁             |\n"
        "     │      ⢀⣀⠤⠤⠒⠊⠉⠁                    |\n"
        "    0┤⣀⠤⠤⠒⠊⠉⠁                           |\n"
        "epoch└0───────1────────2───────3───────4|"
    )


def test_the_same_line_in_ascii():
    rows = draw_chart(
        "BCE nats/image", [line([0, 4], [0, 8])], [], 24, 7, ChartOptions(ascii_only=True)
    )
    assert picture(rows) == (
        "BCE  -- train 8.00      |\n"
        " |                  _--'|\n"
        "5|             __-''    |\n"
        " |        __--''        |\n"
        " |    __-''             |\n"
        "0|_--'                  |\n"
        " +0----------2---------4|"
    )


def test_values_that_are_not_finite_break_the_line_and_are_marked():
    rows = draw_chart("BCE", [line(range(5), [100, 110, np.nan, np.inf, 100])], [], 24, 7)
    assert picture(rows) == (
        "BCE  ── train 100.0     |\n"
        "110┤    ⡰⠁        ×     |\n"
        "   │   ⡰⠁               |\n"
        "105┤  ⡰⠁                |\n"
        "   │ ⡰⠁                 |\n"
        "100┤⡰⠁        ×        •|\n"
        "   └0─────────2────────4|"
    )
    assert "alarm" in styles_at(rows[1], 18)
    assert "alarm" in styles_at(rows[5], 14)


def test_a_log_axis_marks_zeros_and_spaces_tens_evenly():
    rows = draw_chart(
        "BCE", [line(range(5), [1, 10, 0, 1000, 100])], [], 24, 14, ChartOptions(log=True)
    )
    ticks = {row.plain[:4].strip(): index for index, row in enumerate(rows) if "┤" in row.plain}
    assert list(ticks) == ["1000", "100", "10", "1"]
    distances = np.diff(list(ticks.values()))
    assert distances.max() - distances.min() <= 1
    assert rows[12].plain[12:17].strip() == "×"


def test_one_point_is_a_dot_with_room_around_it():
    rows = draw_chart("BCE", [line([3], [5])], [], 24, 7)
    assert picture(rows) == (
        "BCE  ── train 5.00      |\n"
        "5.5┤                    |\n"
        "   │                    |\n"
        "5.0┤•                   |\n"
        "   │                    |\n"
        "4.5┤                    |\n"
        "   └3.0──────3.5─────4.0|"
    )


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-310, 1e300, -1e308])
def test_a_constant_is_a_level_line_in_the_middle(value):
    rows = draw_chart("BCE", [line([0, 1, 2], [value] * 3)], [], 40, 7)
    drawn = [index for index, row in enumerate(rows[1:-1], 1) if "⠤" in row.plain]
    assert drawn == [3]


def test_a_chart_without_values_says_what_it_waits_for():
    rows = draw_chart("BCE", [], [Level(45.5, "floor", "green")], 40, 4)
    assert picture(rows) == (
        "BCE                                     |\n"
        "     │    waiting for the first loss    |\n"
        "     │                                  |\n"
        "     └──────────────────────────────────|"
    )


def test_nothing_finite_says_so_and_marks_where():
    rows = draw_chart("BCE", [line([1], [np.nan])], [], 40, 4)
    assert "no finite value" in rows[1].plain
    assert "×" in rows[2].plain
    assert "train nan" in rows[0].plain


def test_the_title_row_names_each_series_and_its_newest_value():
    series = [line([0, 1], [110, 92.13]), points([0, 1], [120, 95.3]), line([0], [7], label="")]
    (title, *_) = draw_chart("BCE nats/image", series, [], 60, 9)
    assert title.plain.rstrip() == "BCE nats/image  ── train 92.1  ⠶ test 95.3"
    (narrow, *_) = draw_chart("BCE nats/image", series, [], 38, 9)
    assert narrow.plain.rstrip() == "BCE  ── train 92.1  ⠶ test 95.3"
    (tiny, *_) = draw_chart("BCE nats/image", series, [], 18, 1)
    assert tiny.plain == "BCE ─ 92.1 ⠶ 95.3 "


def test_the_untrained_loss_is_cut_off_and_its_value_written():
    epochs, losses = epochs_of_training()
    rows = draw_chart("BCE", [line(epochs, losses)], [], 40, 11)
    top = max(float(row.plain.split("┤")[0]) for row in rows if "┤" in row.plain)
    assert 150 < top < 250
    assert "↑544.0" in rows[1].plain


def test_a_value_cut_off_by_a_log_axis_is_written_as_itself_not_as_its_logarithm():
    epochs, losses = epochs_of_training()
    rows = draw_chart("BCE", [line(epochs, losses)], [], 40, 11, ChartOptions(log=True))
    assert "↑544.0" in picture(rows)


def test_a_young_run_is_shown_whole():
    epochs, losses = epochs_of_training()
    young = epochs < 0.9
    rows = draw_chart("BCE", [line(epochs[young], losses[young])], [], 40, 11)
    assert "↑" not in picture(rows)


def test_a_late_spike_is_shown_whole():
    ys = np.full(100, 100.0) + np.arange(100) % 7
    ys[60] = 150
    rows = draw_chart("BCE", [line(np.arange(100), ys)], [], 40, 11)
    assert "↑" not in picture(rows)


def test_an_explosion_leaves_the_chart_readable_and_its_value_is_written():
    ys = np.append(100 + np.arange(100) % 7, [300, 1e9, np.nan])
    rows = draw_chart("BCE", [line(np.arange(103), ys)], [], 40, 11)
    assert "↑1e+09" in picture(rows)
    assert "×" in rows[-2].plain
    assert any(row.plain.startswith("  102┤") for row in rows)


@pytest.mark.parametrize("log", [False, True])
def test_the_whole_run_shows_the_whole_fall_but_not_an_explosion(log):
    epochs, losses = np.linspace(0, 500, 5000), np.full(5000, 80.0)
    losses += np.arange(5000) % 7
    losses[:9] = np.linspace(550, 100, 9)
    rows = draw_chart(
        "BCE", [line(epochs, losses)], [], 60, 11, ChartOptions(log=log, close_up=False)
    )
    assert "↑" not in picture(rows)
    losses[-1] = 1e12
    rows = draw_chart("BCE", [line(epochs, losses)], [], 60, 11, ChartOptions(close_up=False))
    assert "↑1e+12" in picture(rows)


def test_the_cursor_is_a_column_and_the_title_has_the_values_up_to_it():
    series = [line([0, 1, 2, 3], [8, 6, 4, 2]), points([0, 2.5], [9, 3])]
    rows = draw_chart("BCE", series, [], 50, 8, cursor=2.0)
    assert rows[0].plain.rstrip() == "BCE  ── train 4.00  ⠶ test 9.00"
    assert rows[-1].plain == "epoch└0─────0.5────1.0─────1.5─────▲2────2.5───3.0"
    columns = {row.plain.index("│", 6) for row in rows[1:-1] if "│" in row.plain[6:]}
    assert len(columns) == 1
    assert all("cursor" in styles_at(row, next(iter(columns))) for row in rows[1:-1])


def test_before_the_first_value_of_a_logarithmic_axis_the_cursor_has_no_value():
    rows = draw_chart("BCE", [line([1, 10], [8, 6])], [], 50, 8, ChartOptions(log_x=True), cursor=0)
    assert rows[0].plain.rstrip() == "BCE  ── train -"


def test_a_mark_is_a_dotted_column():
    rows = draw_chart(
        "BCE",
        [line([0, 4], [0, 8])],
        [],
        40,
        8,
        marks=[(1.0, "β 1→4"), (99.0, "no"), (np.nan, "no")],
    )
    columns = {row.plain.index("┊") for row in rows if "┊" in row.plain}
    assert len(columns) == 1
    assert picture(rows).count("┊β 1→4") == 1
    assert "no" not in picture(rows)


def test_marks_beside_each_other_have_their_labels_in_their_order():
    marks = [(2.0, "β 1→4"), (2.1, "β 4→1")]
    rows = draw_chart("BCE", [line([0, 4], [8, 0])], [], 60, 8, marks=marks)
    first, second = ([label in row.plain for row in rows].index(True) for _, label in marks)
    assert second == first + 1
    assert rows[first].plain.index("β 1") <= rows[second].plain.index("β 4")


def test_a_spike_between_two_columns_dots_stays_visible():
    ys = np.full(5000, 100.0)
    ys[1::2] = 101
    ys[2345] = 110
    rows = draw_chart("BCE", [line(np.arange(5000), ys)], [], 40, 11)
    spike = [row.plain[6:].strip() for row in rows[1:4]]
    assert all(len(cells) == 1 for cells in spike)


def test_xs_in_any_order_draw_the_same_chart():
    xs, ys = np.arange(50.0), np.sin(np.arange(50.0))
    shuffled = np.random.default_rng(0).permutation(50)
    straight = draw_chart("BCE", [line(xs, ys)], [], 40, 9)
    mixed = draw_chart("BCE", [line(xs[shuffled], ys[shuffled])], [], 40, 9)
    assert picture(straight) == picture(mixed)


def test_many_points_in_one_place_do_not_decide_what_is_left_out():
    """Nearly all points are about one level, in a twentieth of the axis."""
    epochs = np.concatenate([np.linspace(0, 95, 96), np.linspace(95, 100, 2_000)])
    losses = np.where(epochs < 95, 100 + 50 * np.sin(epochs), 100 + np.sin(1e3 * epochs) / 2)
    rows = draw_chart("BCE", [line(epochs, losses)], [], 60, 11)
    assert "↑" not in picture(rows)
    assert "↓" not in picture(rows)


def test_the_position_of_the_cursor_is_cut_where_it_is_wider_than_the_plot():
    (*_, axis) = draw_chart("BCE", [line([-1.0], [0.0])], [], 8, 3, cursor=-0.0078125)
    assert axis.plain == "-0.0078▲"
