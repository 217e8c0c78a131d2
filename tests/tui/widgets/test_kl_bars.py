"""The bars of the KL and its two parts."""

import pytest
from support.screen import plain
from support.widgets import Host, colours

from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.widgets.dimensions.kl_bars import KlBars, KlParts

VARIANCE, MEAN = [0.5, 2.0, 0.01], [1.5, 0.0, 0.01]


@pytest.mark.parametrize(
    ("palette", "solid", "second", "edge", "dead"),
    [
        (Palette.COLOURS_256, "█", "█", "▊", "▏"),  # 12.75 of 17 cells: six eighths of the 13th
        (Palette.SHADES, "█", "▒", "█", " "),
        (Palette.ASCII, "#", ":", "#", " "),
    ],
)
async def test_the_part_of_the_mean_ends_within_an_eighth_of_a_cell(
    palette, solid, second, edge, dead
):
    widget = KlBars()
    async with Host(widget).run_test(size=(40, 3)) as pilot:
        widget.parts = KlParts(VARIANCE, MEAN, order=[1, 0, 2], palette=palette, chosen=0)
        await pilot.pause()
        assert (
            plain(widget)
            == (
                f" z2   2.00 {second * 17}  0.00+2.00\n"
                f">z1   2.00 {solid * 12}{edge}{second * 4}  1.50+0.50\n"
                f" z3   0.02 {dead}                  dead"
            ).lstrip()
        )


async def test_the_two_parts_have_two_colours():
    widget = KlBars()
    async with Host(widget).run_test(size=(40, 3)) as pilot:
        widget.parts = KlParts(VARIANCE, MEAN, order=[0, 1, 2], palette=Palette.SHADES)
        await pilot.pause()
        shown = colours(widget)
        assert (shown["█"], shown["▒"]) == ("#00afff", "#005f87")
