"""Charts compared with charts written down here, and with the shape every chart must have."""

import numpy as np
import pytest
from hypothesis import strategies as st
from rich.text import Text

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.levels import Level
from vae_tui.tui.charts.points import LEAST_APART
from vae_tui.tui.charts.series import Series

WIDTHS = [0, 1, 2, 5, 7, 8, 9, 16, 24, 40, 79, 200]
HEIGHTS = [0, 1, 2, 3, 4, 5, 8, 11, 24, 60]
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True),
    st.floats(80, 120),
    st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf, 5e-324, 1.7e308, -1.7e308, 1e16 + 2]),
)


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
    rows = draw_chart("BCE nats/image", [line([0, 4], [0, 8])], [], 24, 7, ascii_only=True)
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
    rows = draw_chart("BCE", [line(range(5), [1, 10, 0, 1000, 100])], [], 24, 14, log=True)
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
    rows = draw_chart("BCE", [line(epochs, losses)], [], 40, 11, log=True)
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
    rows = draw_chart("BCE", [line(epochs, losses)], [], 60, 11, log=log, close_up=False)
    assert "↑" not in picture(rows)
    losses[-1] = 1e12
    rows = draw_chart("BCE", [line(epochs, losses)], [], 60, 11, close_up=False)
    assert "↑1e+12" in picture(rows)


def test_a_level_within_the_data_is_a_dotted_line_with_its_name_at_the_right():
    floor = Level(4.8, "floor", "color(71)")
    rows = draw_chart("BCE", [line([3], [5])], [floor], 40, 7)
    assert rows[4].plain == "     │⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂ floor"
    assert "color(71)" in styles_at(rows[4], 39)
    wide = draw_chart("BCE", [line([3], [5])], [floor], 60, 7)
    assert wide[4].plain.endswith("⠂⠂ floor 4.80")


def test_labels_of_levels_stand_beside_the_plot_and_are_left_out_where_it_would_be_too_narrow():
    levels = [Level(206.0, "collapse", "quiet"), Level(63.0, "floor", "quiet")]
    curve = line([0, 9], [500, 60])
    labels = {}
    for width in range(8, 90):
        rows = draw_chart("BCE", [curve], levels, width, 11, log=True)
        plot_end = len(rows[-1].plain.rstrip())
        labels[width] = [row.plain[plot_end:].strip() for row in rows[1:-1]]
        assert all(drawn <= plot_end for drawn in _ends_of_curve(rows[1:-1]))
    texts = [tuple(filter(None, labels[width])) for width in labels]
    assert list(dict.fromkeys(texts)) == [
        (),
        ("collapse", "floor"),
        ("collapse 206", "floor 63"),
    ]


def test_a_label_that_has_no_row_left_is_that_of_the_least_important_level():
    levels = [Level(100.0 + near, name, "quiet") for near, name in enumerate("abcd")]
    rows = draw_chart("BCE", [line([0, 9], [0, 200])], levels, 80, 11)
    assert "d 103" not in picture(rows)
    for label in ("a 100", "b 101", "c 102"):
        assert label in picture(rows)


def _ends_of_curve(rows):
    return [len(row.plain[:at].rstrip()) for row in rows if (at := row.plain.rfind("⡀")) > 0]


def test_a_level_near_the_data_widens_the_range():
    rows = draw_chart("BCE", [line([0, 9], [100, 200])], [Level(80, "near", "green")], 60, 9)
    assert "near 80" in picture(rows)
    assert "↓" not in picture(rows)


@pytest.mark.parametrize("y", [45.5, 543.4])
def test_a_level_far_outside_is_left_out_of_a_close_up_and_widens_the_whole_chart(y):
    curve, level = line([0, 9], [100, 110]), Level(y, "level", "green")
    alone = draw_chart("BCE", [curve], [], 60, 9)
    assert picture(draw_chart("BCE", [curve], [level], 60, 9)) == picture(alone)
    whole = draw_chart("BCE", [curve], [level], 60, 9, close_up=False)
    assert f"level {y:.0f}" in whole[1 if y > 110 else -2].plain


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


def test_the_cursor_is_a_column_and_the_title_has_the_values_up_to_it():
    series = [line([0, 1, 2, 3], [8, 6, 4, 2]), points([0, 2.5], [9, 3])]
    rows = draw_chart("BCE", series, [], 50, 8, cursor=2.0)
    assert rows[0].plain.rstrip() == "BCE  ── train 4.00  ⠶ test 9.00"
    assert rows[-1].plain == "epoch└0─────0.5────1.0─────1.5─────▲2────2.5───3.0"
    columns = {row.plain.index("│", 6) for row in rows[1:-1] if "│" in row.plain[6:]}
    assert len(columns) == 1
    assert all("cursor" in styles_at(row, next(iter(columns))) for row in rows[1:-1])


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
