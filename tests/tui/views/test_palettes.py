"""The characters that pictures are drawn with."""

import pytest
from support.screen import Screen, open_view

from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.widgets.pictures import Pictures


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
@pytest.mark.parametrize("view", ["1", "2", "3"])
async def test_pictures_are_drawn_in_the_characters_the_terminal_has(view, palette):
    screen = Screen(palette=palette, unicode=palette is not Palette.ASCII)
    async with screen.at() as pilot:
        await open_view(pilot, screen, view)
        await pilot.press("i", "3", "8") if view == "3" else None
        await pilot.pause()
        for pictures in screen.view.query(Pictures):
            if not pictures.display:  # without an overlay
                continue
            drawn = {letter for strip in pictures.rows for letter in strip.text}
            assert len(drawn) > 1
            assert drawn <= set(palette.value)
