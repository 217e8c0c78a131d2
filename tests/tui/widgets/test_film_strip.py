"""The film strip."""

from dataclasses import replace

import numpy as np
import pytest
from support.screen import plain
from support.widgets import Host

from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.film_strip import Film, FilmStrip


def film(share):
    codes = np.array([[3, 4], [0, 0], [0, 12]], np.float32)
    chosen = -1 if share is None else round(share * 2)
    errors = np.array([7.0, 0.4, 123])
    return Film(
        "Morph",
        "slerp",
        np.zeros((3, 28, 28), np.uint8),
        codes,
        range(3),
        errors,
        chosen,
        share=share,
    )


@pytest.mark.parametrize(("share", "column"), [(0.0, 0), (0.5, 17), (1.0, 35)])
async def test_the_track_shows_how_far_the_interpolation_is(share, column):
    strip = FilmStrip("strip")
    async with Host(strip).run_test(size=(50, 10)) as pilot:
        strip.fit(50, 14)
        strip.film = film(share)
        await pilot.pause()
        track = plain(strip.query_one("#strip-caption", Caption)).removeprefix("Morph slerp ")
        assert len(track) == 36
        assert track.index("●") == pytest.approx(column, abs=2)
        assert track[column] == "●" or column == 17


async def test_norm_and_error_stand_below_each_picture():
    strip = FilmStrip("strip")
    async with Host(strip).run_test(size=(50, 10)) as pilot:
        strip.fit(50, 14)
        strip.film = film(None)
        await pilot.pause()
        assert plain(strip.query_one("#strip-caption", Caption)) == "Morph slerp"
        numbers = plain(strip.query_one("#strip-numbers", Drawing))
        assert numbers == "‖z‖ 5.0 err 7    ‖z‖ 0.0 err 0    ‖z‖ 12.0 err 123"
        strip.film = replace(film(None), errors=np.array([7.0, 0.4, 12345]))
        numbers = plain(strip.query_one("#strip-numbers", Drawing))
        assert numbers == "5.0 err 7        0.0 err 0        12.0 err 12345"


async def test_below_each_picture_of_a_traversal_is_the_value_of_the_moved_dimension():
    strip = FilmStrip("strip")
    async with Host(strip).run_test(size=(50, 10)) as pilot:
        strip.fit(50, 14)
        strip.film = replace(film(None), dimension=6, positions=[-1.5, -0.001, 2.345])
        await pilot.pause()
        numbers = plain(strip.query_one("#strip-numbers", Drawing))
        assert numbers == "z7 -1.5  err 7   z7 0  err 0      z7 2.35  err 123"


async def test_the_track_is_ascii_where_the_terminal_is():
    strip = FilmStrip("strip")
    async with Host(strip).run_test(size=(50, 10)) as pilot:
        strip.fit(50, 14)
        strip.film = replace(film(0.5), unicode=False)
        await pilot.pause()
        assert plain(strip.query_one("#strip-caption", Caption)).isascii()
