"""The bars of a code."""

import pytest
from support.screen import plain
from support.widgets import Host, colours

from vae_tui.tui.widgets.dimension_bars import Bars, LatentBars


async def drawn_bars(bars: Bars, width: int, height: int) -> str:
    widget = LatentBars()
    async with Host(widget).run_test(size=(width, height)) as pilot:
        widget.bars = bars
        await pilot.pause()
        return plain(widget)


async def test_latent_bars_are_literal_text():
    bars = Bars([1.5, -3.0, 0.0, 9.75], order=[2, 0, 1, 3], kl=[1.0, 2.0, 3.0, 0.01], chosen=0)
    assert await drawn_bars(bars, 30, 4) == (
        "z3          │         +0.00\n"
        ">z1          │████     +1.50\n"
        " z2  ████████│         -3.00\n"
        " z4          │████████ +9.75"
    )


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
    async with Host(widget).run_test(size=(30, 2)) as pilot:
        widget.bars = Bars([0.0, 3.0], order=[0, 1], kl=[2.0, kl], chosen=0)
        await pilot.pause()
        assert colours(widget)["█"] == colour
