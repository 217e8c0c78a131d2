"""The characters that pictures are drawn with."""

import pytest
from support.screen import Screen, open_view

from vae_tui.terminal.half_blocks import HALVES, Palette
from vae_tui.tui.widgets.pictures import FRAMES, Pictures


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
async def test_pictures_are_drawn_in_the_characters_the_terminal_has(palette):
    screen = Screen(views="123", palette=palette, unicode=palette is not Palette.ASCII)
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        for keys in (["1"], ["2"], ["3", "i", "3", "8"]):
            await pilot.press(*keys)
            await pilot.pause()
            for pictures in screen.view.query(Pictures):
                if not pictures.size:  # hidden: no overlay, no card
                    continue
                drawn = {letter for strip in pictures.rows for letter in strip.text}
                assert len(drawn) > 1, keys
                assert drawn <= {*palette.value, *HALVES[palette], *FRAMES[palette], " "}, keys
