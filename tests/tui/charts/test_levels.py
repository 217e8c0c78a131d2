"""Reference lines and their labels."""

import pytest
from support.charts import line, picture, styles_at

from vae_tui.tui.charts.chart import draw_chart
from vae_tui.tui.charts.frame import ChartOptions
from vae_tui.tui.charts.levels import Level


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
        rows = draw_chart("BCE", [curve], levels, width, 11, ChartOptions(log=True))
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
    whole = draw_chart("BCE", [curve], [level], 60, 9, ChartOptions(close_up=False))
    assert f"level {y:.0f}" in whole[1 if y > 110 else -2].plain
