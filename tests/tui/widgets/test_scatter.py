"""The scatter plot."""

import numpy as np
import pytest
from support.screen import plain
from support.widgets import Host, colours

from vae_tui.terminal.class_colours import CLASS_COLOURS
from vae_tui.tui.state.map_plane import Window
from vae_tui.tui.widgets.map.scatter import Cloud, Scatter


async def test_a_cloud_of_a_few_points_is_drawn_cell_by_cell():
    points = [(0.5, 3.5), (5.5, 0.5), (2.5, 1.0), (2.4, 1.1), (2.6, 0.9), (100, 100), (5.9, 2.1)]
    labels = [7, 3, 4, 1, 1, 9, 0]
    host = Host(Scatter())
    async with host.run_test(size=(6, 2)) as pilot:
        host.widget.cloud = Cloud(
            np.array(points, np.float32),
            np.array(labels, np.uint8),
            Window(left=0.0, top=4.0, scale=1.0, width=6, height=2),
            cursor=(3.5, 3.0),
        )
        await pilot.pause()
        assert plain(host.widget) == "7 [+]0\n  1  3"


def one_of_each_class(cursor):
    """Return the ten classes side by side, each in a cell."""
    return Cloud(
        np.stack([np.arange(10) + 0.5, np.full(10, 1.0)], axis=1).astype(np.float32),
        np.arange(10, dtype=np.uint8),
        Window(left=0.0, top=2.0, scale=1.0, width=12, height=1),
        cursor=cursor,
    )


@pytest.mark.parametrize("theme", ["vae-dark", "vae-light", "vae-colour-blind", "nord"])
async def test_the_cursor_has_a_colour_that_no_class_has_and_shows_the_mark_under_it(theme):
    scatter = Scatter()
    async with Host(scatter).run_test(size=(12, 1)) as pilot:
        pilot.app.theme = theme
        scatter.cloud = one_of_each_class(cursor=(4.5, 1.0))
        await pilot.pause()
        assert plain(scatter) == "012[4]6789"
        grounds = {one.text: one.style.bgcolor for one in scatter.rows[0] if one.style}
        ground = grounds["[4]"].get_truecolor().hex
        classes = {pilot.app.console.get_style(f"class{one}").color.name for one in range(10)}
        assert ground in ("#ffffff", "#000000")
        assert ground not in classes


async def test_each_class_has_its_own_colour():
    scatter = Scatter()
    async with Host(scatter).run_test(size=(12, 1)) as pilot:
        scatter.cloud = one_of_each_class(cursor=(11.5, 1.0))
        await pilot.pause()
        shown = colours(scatter)
        assert [shown[str(label)] for label in range(10)] == list(CLASS_COLOURS)


@pytest.mark.parametrize(("mixed", "is_large"), [({3}, True), ({2, 3}, False)])
async def test_the_names_of_all_classes_are_large_or_where_most_are_mixed_one_character(
    mixed, is_large
):
    scatter = Scatter()
    async with Host(scatter).run_test(size=(80, 30)) as pilot:
        scatter.cloud = Cloud(
            np.zeros((1, 2), np.float32),
            np.zeros(1, np.uint8),
            Window(left=-40.0, top=30.0, scale=1.0, width=80, height=30),
            centres=((2, (-20.0, 0.0)), (3, (20.0, 0.0))),
            mixed=frozenset(mixed),
        )
        await pilot.pause()
        assert [plain(scatter).count(name) for name in "23"] == [1 - is_large] * 2
        assert ("█" in plain(scatter)) == is_large


async def test_of_three_clicks_in_a_row_only_the_second_is_a_double_click():
    clicks = []

    class Listener(Host):
        def on_scatter_clicked(self, message):
            clicks.append(message.is_double)

    scatter = Scatter()
    async with Listener(scatter).run_test(size=(12, 1)) as pilot:
        scatter.cloud = one_of_each_class(cursor=(4.5, 1.0))
        await pilot.click(scatter, offset=(2, 0), times=3)
        assert clicks == [False, True, False]
