"""View 3: what can be clicked, and what a large screen has more."""

import re
from functools import partial

import numpy as np
from support.fake_networks import probe, random_network
from support.layout_faults import until_whole
from support.screen import Screen, open_view, plain, wait_until, walk_code
from support.views import by_kl, marked

from vae_tui.latent.codes import between, prior
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import LatentBars

walk_screen = partial(Screen, views="3")

FIRST, SECOND = random_network(540), random_network(576)
BY_KL = by_kl(FIRST, probe())


async def test_a_click_on_a_bar_sets_that_number():
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        bars = screen.view.query_one(LatentBars)
        zero = bars.rows[1].text.index("│")
        half = zero - 5
        expected = prior(1, 1, 20)[0]
        expected[BY_KL[3]] = 2 * 3 / half
        await pilot.click(bars, offset=(zero + 2, 4))
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-5)
        assert bars.bars.chosen == BY_KL[3]
        await pilot.click(bars, offset=(1, 7))
        assert bars.bars.chosen == BY_KL[6]
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-5)


async def test_a_click_on_a_frame_of_the_traversal_goes_there_and_frames_it():
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        frames = screen.pictures("strip")
        expected = prior(1, 1, 20)[0]
        moved = BY_KL[0]
        assert frames.chosen == np.abs(np.linspace(-3, 3, 5) - expected[moved]).argmin()
        np.testing.assert_array_equal(
            frames.images[frames.chosen], screen.pictures("digit").images[0]
        )
        numbers = plain(screen.view.query_one("#strip-numbers", Drawing))
        assert f"z{moved + 1} {expected[moved]:.2f}".rstrip("0") in numbers
        await pilot.click(frames, offset=(frames.margins[0] + 2, 3))
        expected[moved] = -3
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-6)
        assert frames.chosen == 0


async def test_a_large_screen_has_the_traversal_and_the_last_interpolation():
    screen = walk_screen()
    async with screen.at(200, 60) as pilot:
        await open_view(pilot, screen, "3")
        second = screen.pictures("interpolation")
        assert re.match(
            r"Morph 3 → 8 · linear · test images #\d+ and #\d+",
            screen.caption("interpolation-caption"),
        )
        start, end = await marked(pilot, screen)
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))
        await pilot.pause()
        assert second.chosen == len(second.images) - 1
        assert screen.caption("strip-caption").startswith(f"Traversal z{BY_KL[0] + 1} from -3 to 3")
        await pilot.click(second, offset=(second.margins[0] + 1, 1))
        np.testing.assert_array_equal(walk_code(screen), start)
        await pilot.press("right")  # away from it: the strip stays
        assert second.chosen == -1
        assert "seed 2 → z from" in screen.caption("interpolation-caption")
        straight = FIRST.decode(between(start, end, len(second.images)))
        np.testing.assert_array_equal(second.images, straight)


async def test_a_large_screen_has_the_nearest_test_images_and_a_click_goes_to_one():
    screen = walk_screen()
    async with screen.at(200, 60) as pilot:
        await open_view(pilot, screen, "3")
        row = screen.pictures("neighbours")
        shown = screen.pictures("digit").images[0] / 255.0
        errors = np.square(probe().images / 255.0 - shown).sum((1, 2))
        order = np.argsort(errors, kind="stable")[: len(row.images)]
        assert len(order) >= 6
        np.testing.assert_array_equal(row.images, probe().images[order])
        words = plain(screen.view.query_one("#neighbour-numbers", Drawing))
        labels = probe().labels
        assert words.startswith(f"{labels[order[0]]} #{order[0]} err {errors[order[0]]:.0f}")
        await pilot.click(row, offset=(1 + 16 + 2, 2))
        assert screen.caption("caption").startswith(f"Code {labels[order[1]]} (test image")


async def test_the_nearest_test_images_are_as_many_as_fit_a_new_size():
    screen = walk_screen()
    async with screen.at(240, 70) as pilot:
        await open_view(pilot, screen, "3")
        many = len(screen.pictures("neighbours").images)
        await pilot.resize_terminal(200, 60)
        await wait_until(pilot, lambda: len(screen.pictures("neighbours").images) < many)
        await until_whole(pilot, screen)


async def test_walk_leaves_no_more_than_a_fifth_of_a_large_screen_empty():
    screen = walk_screen()
    async with screen.at(200, 60) as pilot:
        await open_view(pilot, screen, "3")
        bars = screen.view.query_one(LatentBars)
        empty = (bars.size.height - len(bars.rows)) * bars.size.width
        assert empty < 200 * 60 / 100
        assert len(bars.rows[0].text.rstrip()) > 0.95 * bars.size.width


async def test_without_utf8_walk_has_ascii_alone():
    screen = walk_screen(palette=Palette.ASCII, unicode=False)
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "3")
        for widget in (LatentBars, "#strip-numbers", "#norm"):
            assert plain(screen.view.query_one(widget, Drawing)).isascii()
        assert re.search(r"z\d+ [-\d.]+  err \d", screen.text)
