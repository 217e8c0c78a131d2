"""Pictures: rows of half-blocks, and which of them are sent again."""

import numpy as np
from support.screen import plain
from support.widgets import Host, Listening
from textual.geometry import Region
from textual.strip import Strip

from vae_tui.terminal.half_blocks import Palette, half_blocks
from vae_tui.tui.widgets.pictures import Pictures


class ListeningPictures(Listening, Pictures):
    pass


def grey(level: int, count: int = 1):
    return np.full((count, 28, 28), level, np.uint8)


async def test_pictures_send_again_only_the_rows_that_changed():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(28, 14)) as pilot:
        pictures.pixels = 28
        pictures.images = grey(200)
        await pilot.pause()
        pictures.sent.clear()
        changed = grey(200)
        changed[0, 6] = 10  # the seventh row of pixels: the fourth of cells
        pictures.images = changed
        assert pictures.sent == [Region(0, 3, 28, 1)]
        assert pictures.rows == [Strip(row) for row in half_blocks(changed[0])]


async def test_equal_pictures_are_not_sent_again():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(56, 14)) as pilot:
        pictures.pixels, pictures.columns = 28, 2
        pictures.images = grey(80, 2)
        await pilot.pause()
        pictures.sent.clear()
        pictures.images = grey(80, 2)
        assert pictures.sent == []


async def test_rows_that_lie_outside_the_widget_send_nothing():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(28, 5)) as pilot:
        pictures.pixels = 28
        pictures.images = grey(200)
        await pilot.pause()
        pictures.sent.clear()
        changed = grey(200)
        changed[0, 20:] = 0
        pictures.images = changed
        assert pictures.sent == []


async def test_rows_that_are_gone_are_sent_empty():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(28, 14)) as pilot:
        pictures.pixels = 28
        pictures.images = grey(200)
        await pilot.pause()
        pictures.sent.clear()
        pictures.images = grey(200, 0)
        assert len(pictures.sent) == 14
        assert pictures.render_line(3).text == " " * 28


async def test_every_line_is_as_wide_as_the_widget_and_any_size_is_drawn():
    pictures = Pictures()
    async with Host(pictures).run_test(size=(30, 10)) as pilot:
        for size, columns, count in ((28, 1, 1), (14, 3, 5), (8, 9, 40), (1, 1, 1), (0, 0, 1)):
            pictures.pixels, pictures.columns = size, columns
            pictures.images = grey(90, count)
            await pilot.pause()
            assert {pictures.render_line(y).cell_length for y in range(10)} == {30}


async def test_a_picture_in_shades_is_literal_text():
    pictures = Pictures()
    ramp = np.repeat(np.linspace(0, 255, 28).round()[None], 28, axis=0).astype(np.uint8)
    async with Host(pictures).run_test(size=(28, 14)):
        pictures.pixels, pictures.palette = 28, Palette.ASCII
        pictures.images = ramp[None]
        assert plain(pictures).splitlines()[0] == "...:::---===+++***###%%%@@"


async def framed(chosen, margins, row_gap):
    pictures = Pictures()
    async with Host(pictures).run_test(size=(16, 8)):
        pictures.pixels, pictures.columns, pictures.palette = 4, 3, Palette.ASCII
        pictures.margins, pictures.row_gap, pictures.chosen = margins, row_gap, chosen
        pictures.images = np.full((5, 4, 4), 255, np.uint8)
        return [strip.text.rstrip() for strip in pictures.rows]


async def test_the_frame_is_a_box_where_there_are_margins():
    assert await framed(1, (1, 1), 1) == [
        "     +----+",
        " @@@@|@@@@|@@@@",
        " @@@@|@@@@|@@@@",
        "     +----+",
        " @@@@ @@@@",
        " @@@@ @@@@",
    ]
    assert await framed(4, (1, 1), 1) == [
        "",
        " @@@@ @@@@ @@@@",
        " @@@@ @@@@ @@@@",
        "     +----+",
        " @@@@|@@@@|",
        " @@@@|@@@@|",
        "     +----+",
    ]


async def test_the_frame_is_a_pair_of_brackets_where_rows_have_no_margins():
    assert await framed(0, (1, 0), 0) == [
        "+@@@@+@@@@ @@@@",
        "+@@@@+@@@@ @@@@",
        " @@@@ @@@@",
        " @@@@ @@@@",
    ]
    assert (await framed(2, (0, 0), 1))[:3] == [
        "@@@@ @@@@+@@@@+",
        "@@@@ @@@@|@@@@|",
        "         +----+",
    ]


async def test_in_colour_the_frame_is_whole_and_covers_one_row_of_pixels_at_most():
    pictures = Pictures()
    async with Host(pictures).run_test(size=(16, 4)) as pilot:
        pictures.pixels, pictures.columns, pictures.margins, pictures.chosen = 4, 3, (1, 0), 0
        pictures.images = np.full((3, 8, 4), 255, np.uint8)
        await pilot.pause()
        assert [strip.text[:6] for strip in pictures.rows] == [
            "▐▀▀▀▀▌",
            "▐    ▌",
            "▐    ▌",
            "▐▄▄▄▄▌",
        ]
        here = pilot.app.console.get_style("here").color
        for y in (0, 3):
            edge = next(one for one in pictures.rows[y] if len(one.text) == 4)
            assert edge.style.color == here
            assert edge.style.bgcolor.get_truecolor().hex == "#ffffff"
        pictures.row_gap, pictures.columns, pictures.margins = 1, 1, (1, 1)
        pictures.images = np.full((2, 4, 4), 255, np.uint8)
        await pilot.pause()
        assert [strip.text[:6].rstrip() for strip in pictures.rows[:4]] == [
            "▗▄▄▄▄▖",
            "▐    ▌",
            "▐    ▌",
            "▝▀▀▀▀▘",
        ]


async def test_gutters_have_the_ground_of_the_widget_and_pictures_their_own():
    pictures = Pictures()
    async with Host(pictures).run_test(size=(20, 4)) as pilot:
        pilot.app.theme = "vae-light"
        pictures.pixels, pictures.columns, pictures.gap = 4, 3, 2
        pictures.images = np.zeros((3, 4, 4), np.uint8)
        await pilot.pause()
        (line,) = pictures.render_lines(Region(0, 0, 14, 1))
        grounds = [(segment.text, segment.style.bgcolor.name) for segment in line]
        black, white = (" " * 4, "#000000"), ("  ", "#ffffff")
        assert grounds[:4] == [black, white, black, white]


async def test_a_click_reports_the_picture_under_the_mouse():
    class Pressing(Host):
        pressed: list[tuple[int, bool]] = []

        def on_pictures_pressed(self, message):
            self.pressed.append((message.index, message.is_double))

    pictures = Pictures()
    app = Pressing(pictures)
    async with app.run_test(size=(20, 9)) as pilot:
        pictures.pixels, pictures.columns, pictures.margins, pictures.row_gap = 4, 3, (1, 1), 1
        pictures.images = np.zeros((5, 4, 4), np.uint8)
        for x, y, times in ((1, 1, 1), (12, 2, 1), (7, 5, 2), (12, 5, 1), (18, 1, 1), (0, 0, 1)):
            await pilot.click(offset=(x, y), times=times)
        assert app.pressed == [(0, False), (2, False), (4, False), (4, True)]
