"""The bars of the KL and its two parts."""

from support.screen import plain
from support.widgets import Host, colours

from vae_tui.tui.widgets.dimensions.kl_bars import KlBars, KlParts


async def test_the_part_of_the_mean_is_solid_and_that_of_the_variance_shaded():
    widget = KlBars()
    async with Host(widget).run_test(size=(40, 3)) as pilot:
        widget.parts = KlParts(variance=[0.5, 2.0, 0.01], mean=[1.5, 0.0, 0.01], order=[1, 0, 2])
        await pilot.pause()
        assert plain(widget) == (
            "z2   2.00 ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 0.00+2.00\n"
            " z1   2.00 ██████████████▒▒▒▒ 1.50+0.50\n"
            " z3   0.02                     dead"
        )
        shown = colours(widget)
        assert (shown["█"], shown["▒"]) == ("#00afff", "#ffaf00")
