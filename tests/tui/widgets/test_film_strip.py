"""The film strip."""

import numpy as np
import pytest
from support.screen import plain
from support.widgets import Host

from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.film_strip import Film, FilmStrip


def film(share):
    codes = np.array([[3, 4], [0, 0], [0, 12]], np.float32)
    return Film("slerp", np.zeros((3, 28, 28), np.uint8), codes, np.array([7.0, 0.4, 123]), share)


@pytest.mark.parametrize(("share", "column"), [(0.0, 0), (0.5, 18), (1.0, 35)])
async def test_the_track_shows_how_far_the_interpolation_is(share, column):
    strip = FilmStrip()
    async with Host(strip).run_test(size=(44, 10)) as pilot:
        strip.fit(44, 14)
        strip.film = film(share)
        await pilot.pause()
        track = plain(strip.query_one("#strip-caption", Caption)).removeprefix("slerp ")
        assert len(track) == 36
        assert track.index("●") == pytest.approx(column, abs=2)
        assert track[column] == "●" or column == 18


async def test_norm_and_energy_stand_below_each_picture():
    strip = FilmStrip()
    async with Host(strip).run_test(size=(44, 10)) as pilot:
        strip.fit(44, 14)
        strip.film = film(None)
        await pilot.pause()
        assert plain(strip.query_one("#strip-caption", Caption)) == "slerp"
        numbers = plain(strip.query_one("#numbers", Drawing))
        assert numbers == "|z|5.0 E7      |z|0.0 E0      |z|12.0 E123"
