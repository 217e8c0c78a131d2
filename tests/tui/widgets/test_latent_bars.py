"""The bars of a code."""

import re

import pytest
from support.screen import plain
from support.widgets import Host, colours
from textual.events import MouseScrollDown, MouseScrollUp

from vae_tui.tui.widgets.latent_bars import Bars, LatentBars


async def drawn_bars(bars: Bars, width: int, height: int) -> str:
    widget = LatentBars()
    async with Host(widget).run_test(size=(width, height)) as pilot:
        widget.bars = bars
        await pilot.pause()
        return plain(widget)


async def test_latent_bars_are_literal_text():
    bars = Bars([1.5, -3.0, 0.0, 9.75], order=[2, 0, 1, 3], kl=[1.0, 2.0, 3.0, 0.01], chosen=0)
    assert await drawn_bars(bars, 30, 5) == (
        "-3 ───── 0 ────── 3     z\n"
        " z3           │          +0.00\n"
        ">z1           │████▌     +1.50\n"
        " z2  █████████│          -3.00\n"
        " z4           │█████████ +9.75"
    )


async def test_where_not_all_bars_fit_the_last_row_says_which_are_shown():
    bars = Bars([0.5] * 64, order=range(64), chosen=20)
    rows = (await drawn_bars(bars, 30, 9)).splitlines()
    assert len(rows) == 9
    assert rows[4].startswith(">z21")
    assert rows[-1] == " 17 to 24 of 64"


async def test_a_number_that_rounds_to_zero_has_no_minus():
    drawn = await drawn_bars(Bars([-0.001], order=[0]), 30, 2)
    assert "+0.00" in drawn
    assert "-0.00" not in drawn


async def test_bars_end_in_eighths_of_a_cell_on_both_sides():
    bars = Bars([0.125, 2.875, -0.125, -2.875], order=[0, 1, 2, 3])
    widget = LatentBars()
    async with Host(widget).run_test(size=(37, 4)) as pilot:  # 12 cells for 3: 4 eighths are 0.125
        widget.bars = bars
        await pilot.pause()
        rows = [strip.text[5:30] for strip in widget.rows]
        assert rows == [
            " " * 12 + "│▌" + " " * 11,
            " " * 12 + "│" + "█" * 11 + "▌",
            " " * 11 + "▌│" + " " * 12,
            "▌" + "█" * 11 + "│" + " " * 12,
        ]
        reverse = [[s.text for s in strip if s.style and s.style.reverse] for strip in widget.rows]
        assert reverse == [[], [], ["▌"], ["▌"]]  # the right half of the cell is filled


async def test_wide_bars_have_the_kl_beside_them_and_a_scale_above():
    text = await drawn_bars(Bars([1.0, -1.0], order=[1, 0], kl=[0.5, 2.25]), 60, 3)
    scale, first, second = text.splitlines()
    assert re.fullmatch(r"-3 ─+ 0 ─+ 3 +z +KL", scale)
    assert first.startswith("z2") or first.startswith(" z2")
    assert first.endswith("-1.00  2.25")
    assert second.endswith("+1.00  0.50")


async def test_the_standard_deviation_is_a_line_around_the_end_of_the_bar():
    bars = Bars([1.0], order=[0], deviations=[0.5])
    widget = LatentBars()
    async with Host(widget).run_test(size=(100, 1)) as pilot:
        widget.bars = bars
        await pilot.pause()
        line = widget.rows[0].text
        half = line.index("│") - 5
        filled, spread = line.count("█"), line.count("─")
        assert filled == pytest.approx(half / 3, abs=1)
        assert spread == pytest.approx(half / 6, abs=1)
        assert "+1.00 ±0.50" in line


class Pressing(Host):
    """Collects what the bars report."""

    def __init__(self, widget):
        super().__init__(widget)
        self.pressed = []

    def on_latent_bars_pressed(self, message):
        self.pressed.append((message.dimension, message.value))


async def test_a_click_on_a_bar_sets_and_a_click_beside_it_chooses():
    widget = LatentBars()
    app = Pressing(widget)
    async with app.run_test(size=(37, 5)) as pilot:
        widget.bars = Bars([0.0] * 4, order=[2, 0, 1, 3])
        await pilot.pause()
        zero = widget.rows[1].text.index("│")
        for column, row in ((zero, 1), (zero + 12, 2), (zero - 6, 3), (1, 4), (zero, 0)):
            await pilot.click(offset=(column, row))
        assert app.pressed == [(2, 0.0), (0, 3.0), (1, -1.5), (3, None)]


async def test_a_bar_that_the_mouse_holds_follows_it_to_the_end_of_the_scale():
    widget = LatentBars()
    app = Pressing(widget)
    async with app.run_test(size=(37, 5)) as pilot:
        widget.bars = Bars([0.0] * 4, order=[2, 0, 1, 3])
        await pilot.pause()
        zero = widget.rows[1].text.index("│")
        await pilot.mouse_down(offset=(zero, 2))
        await pilot.hover(offset=(zero + 4, 3))
        await pilot.hover(offset=(36, 1))
        await pilot.mouse_up(offset=(36, 1))
        await pilot.hover(offset=(zero, 2))
        assert list(dict.fromkeys(app.pressed)) == [(0, 0.0), (0, 1.0), (0, 3.0)]


async def test_latent_bars_in_ascii_hold_nothing_else():
    text = await drawn_bars(Bars([1.5, -3.0], order=[0, 1], chosen=1, unicode=False), 30, 2)
    assert text.isascii()
    assert "#" in text


@pytest.mark.parametrize("count", [1, 2, 20, 784])
async def test_the_chosen_dimension_is_always_in_sight(count):
    widget = LatentBars()
    async with Host(widget).run_test(size=(50, 6)):
        for chosen in {0, count // 2, count - 1}:
            widget.bars = Bars([0.0] * count, order=range(count), chosen=chosen)
            assert f">z{chosen + 1} " in plain(widget)


async def test_latent_bars_fit_any_size():
    widget = LatentBars()
    async with Host(widget).run_test(size=(80, 24)) as pilot:
        widget.bars = Bars([-9.75] * 20, order=range(20), chosen=7)
        for width, height in ((23, 5), (24, 1), (47, 3), (48, 3), (200, 40), (1, 1)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert all(strip.cell_length <= width for strip in widget.rows)
            assert len(widget.rows) <= height


@pytest.mark.parametrize(("kl", "colour"), [(0.01, "#808080"), (1.0, "#00afff")])
async def test_a_dead_dimension_is_grey(kl, colour):
    widget = LatentBars()
    async with Host(widget).run_test(size=(30, 3)) as pilot:
        widget.bars = Bars([0.0, 3.0], order=[0, 1], kl=[2.0, kl], chosen=0)
        await pilot.pause()
        assert colours(widget)["█"] == colour


async def test_bars_without_a_cursor_turn_with_the_wheel_and_stop_at_both_ends():
    widget = LatentBars()
    async with Host(widget).run_test(size=(30, 9)) as pilot:
        widget.bars = Bars([0.5] * 20, order=range(20))
        widget.hint = " · [ ]"
        for wheel, names in (
            (None, (1, 8)),
            (MouseScrollUp, (1, 8)),
            (MouseScrollDown, (9, 16)),
            (MouseScrollDown, (17, 20)),
            (MouseScrollDown, (17, 20)),
            (MouseScrollUp, (9, 16)),
        ):
            if wheel is not None:
                widget.post_message(wheel(widget, 5, 5, 0, 1, 0, False, False, False))
            await pilot.pause()
            *rows, note = plain(widget).splitlines()
            numbers = [int(row.split()[0].lstrip("z")) for row in rows if row.strip()]
            assert numbers == list(range(names[0], names[1] + 1))
            assert note == f" {names[0]} to {names[1]} of 20 · [ ]"
        widget.bars = Bars([0.5] * 6, order=range(6))  # all fit now
        await pilot.pause()
        assert " z1 " in plain(widget)
        assert not widget.can_turn


async def test_two_columns_of_bars_turn_by_one():
    widget = LatentBars()
    async with Host(widget).run_test(size=(50, 6)) as pilot:
        widget.bars = Bars([0.5] * 20, order=range(20))
        widget.turn(1)
        await pilot.pause()
        assert plain(widget).splitlines()[-1] == " 6 to 15 of 20"
