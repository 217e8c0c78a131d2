"""The Samples view: which codes are decoded, and what its keys do."""

import dataclasses
import re
from functools import partial

import numpy as np
import pytest
from support.fake_networks import probe, random_network, samples_of
from support.run_events import CONFIG
from support.screen import Screen, new_weights, open_view, plain, wait_until, walk_code

from vae_tui.latent.codes import prior
from vae_tui.tui.keys.active_keys import names
from vae_tui.tui.views.samples import TEMPERATURES
from vae_tui.tui.views.samples_layout import SIZES, grid
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.pictures import Pictures

samples_screen = partial(Screen, views="2")

FIRST, SECOND = random_network(540), random_network(576)


async def test_samples_say_what_they_wait_for():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "started")
        assert "waiting for weights" in screen.caption()


async def test_samples_of_a_dead_run_without_weights_say_so():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "nothing left")
        assert "no readable weights" in screen.caption()


async def test_weights_of_a_run_that_is_still_read_are_not_called_unreadable():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "nothing left")
        screen.reader.report(unread=0.4)
        await wait_until(pilot, lambda: "reading the run" in screen.caption())
        screen.reader.report(unread=0.0)
        await wait_until(pilot, lambda: "no readable weights" in screen.caption())


@pytest.mark.parametrize("view", ["4", "5"])
async def test_without_test_images_a_view_of_them_does_not_blame_the_weights(view):
    screen = Screen(views=view)
    async with screen.at() as pilot:
        await open_view(pilot, screen, view, "nothing left")
        screen.reader.load(FIRST)
        await wait_until(pilot, lambda: "no test images" in screen.caption())


async def test_train_does_not_wait_for_the_weights_of_a_dead_run():
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", "nothing left")
        assert screen.caption("samples-caption") == "Samples: no readable weights"


async def test_samples_follow_newer_weights_with_the_same_z():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        count = len(screen.pictures().images)
        assert count == 18
        np.testing.assert_array_equal(screen.pictures().images, samples_of(FIRST, 1, count))
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_array_equal(screen.pictures().images, samples_of(SECOND, 1, count))
        assert "step 576" in screen.caption()


async def test_space_draws_new_samples_and_names_their_seed():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        assert "seed 1" in screen.caption()
        await pilot.press("space")
        assert "seed 2" in screen.caption()
        np.testing.assert_array_equal(screen.pictures().images, samples_of(FIRST, 2, 18))


async def test_plus_and_minus_scale_z_and_stop_at_the_ends():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("plus")
        assert "temperature 1.2" in screen.caption()
        expected = FIRST.decode(prior(1, 18, 20) * 1.2)
        np.testing.assert_array_equal(screen.pictures().images, expected)
        await pilot.press(*["minus"] * 7)
        assert "temperature 0" in screen.caption()
        assert (screen.pictures().images == screen.pictures().images[0]).all()
        await pilot.press(*["plus"] * 12)
        assert f"temperature {TEMPERATURES[-1]:g}" in screen.caption()


async def test_more_room_has_larger_or_more_samples_and_little_is_left_empty():
    screen = samples_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "2")
        assert (screen.pictures().pixels, len(screen.pictures().images)) == (12, 18)
        await pilot.resize_terminal(200, 60)
        await wait_until(pilot, lambda: screen.pictures().pixels > 12)
        await pilot.pause()
        pictures = screen.pictures()
        count = len(pictures.images)
        room = (pictures.pixels + pictures.gap) * (pictures.pixels // 2 + pictures.row_gap) * count
        assert room > 0.8 * pictures.size.width * pictures.size.height
        assert f" · {count} images" in screen.caption()


@pytest.mark.parametrize("size", SIZES)
def test_a_grid_and_the_frame_beside_each_picture_never_leave_the_view(size):
    for width in range(60, 260):
        for height in range(14, 90):
            found = grid(width, height, 28, size)
            (left, top), pixels = found.margins, found.pixels
            assert left >= 1
            assert left + found.columns * pixels + (found.columns - 1) * found.gap < width
            rows = found.rows * pixels // 2 + (found.rows - 1) * found.row_gap
            assert top + rows + (top > 0) <= height


async def test_the_cursor_is_a_frame_that_arrows_move_and_the_ends_stop():
    screen = samples_screen()
    async with screen.at(80, 24) as pilot:  # six columns, three rows
        await open_view(pilot, screen, "2")
        for keys, chosen in (
            ("", 0),
            ("right right down", 8),
            ("left left left left", 6),
            ("down down down", 12),
            ("up up up up right", 1),
        ):
            await pilot.press(*keys.split())
            assert screen.pictures().chosen == chosen
        lines = screen.text.splitlines()
        pictures = screen.pictures()
        left = pictures.margins[0] + pictures.pixels + pictures.gap
        top = pictures.region.y
        sides = [lines[top + y][left - 1] + lines[top + y][left + 12] for y in range(6)]
        assert sides == ["▐▌"] * 6
        assert lines[top + 6][left - 1 : left + 13] == "▝" + "▀" * 12 + "▘"


async def test_a_click_chooses_and_a_double_click_walks_from_that_z():
    screen = samples_screen(views="23")
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "2")
        pictures = screen.pictures()
        x = pictures.margins[0] + 3 * (pictures.pixels + pictures.gap) + 2
        await pilot.click(pictures, offset=(x, 8))
        assert pictures.chosen == 9
        await pilot.click(pictures, offset=(x, 2), times=2)
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        np.testing.assert_array_equal(walk_code(screen), prior(1, 18, 20)[3])


async def test_enter_walks_from_the_chosen_z_with_its_temperature():
    screen = samples_screen(views="23")
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("plus", "right", "down", "enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        np.testing.assert_allclose(walk_code(screen), prior(1, 18, 20)[7] * 1.2, rtol=1e-6)
        assert screen.caption("caption").startswith("prior sample 8 · ")
        await pilot.press("right")
        assert screen.caption("caption").startswith("prior sample 8, moved · ")


async def test_z_changes_between_fitting_full_and_half_size():
    screen = samples_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "2")
        sizes = [screen.pictures().pixels]
        for _ in range(3):
            await pilot.press("z")
            sizes.append(screen.pictures().pixels)
        assert sizes == [12, 28, 14, 12]


@pytest.mark.parametrize(("width", "has_card"), [(119, False), (120, True), (200, True)])
async def test_from_120_columns_a_card_shows_the_chosen_digit_its_code_and_its_neighbour(
    width, has_card
):
    screen = samples_screen()
    async with screen.at(width, 40) as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("right")
        await pilot.pause()
        card = screen.view.query_one("#card")
        assert card.display == has_card
        if has_card:
            code = prior(1, 18, 20)[1]
            image = FIRST.decode(code[None])
            np.testing.assert_array_equal(screen.pictures("large").images, image)
            np.testing.assert_allclose(card.query_one(LatentBars).bars.values, code, rtol=1e-6)
            differences = np.square(probe().images / 255.0 - image / 255.0).sum((1, 2))
            index = int(differences.argmin())
            np.testing.assert_array_equal(
                card.query_one("#nearest", Pictures).images[0], probe().images[index]
            )
            words = plain(card.query_one("#nearest-text", Drawing))
            assert f"{probe().labels[index]}\n#{index} err {differences[index]:.0f}" in words
            assert f"‖z‖ {np.sqrt((code**2).sum()):.1f}" in screen.caption("card-caption")


async def test_brackets_show_the_dimensions_that_do_not_fit_on_the_card():
    screen = samples_screen(config=dataclasses.replace(CONFIG, latent_dim=64))
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "2", "started")
        screen.reader.load(random_network(540, d=64), probe())
        bars = screen.view.query_one(LatentBars)
        await wait_until(pilot, lambda: "of 64 · [ ]" in plain(bars))
        assert "1 to " in plain(bars)
        seen = set(re.findall(r"\bz\d+", plain(bars)))
        assert len(seen) < 64
        for _ in range(64):
            await pilot.press("right_square_bracket")
            seen |= set(re.findall(r"\bz\d+", plain(bars)))
        assert seen == {f"z{number}" for number in range(1, 65)}
        assert "to 64 of 64" in plain(bars)
        await pilot.press(*["left_square_bracket"] * 64)
        assert " 1 to " in plain(bars)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_brackets_are_no_keys_where_all_dimensions_are_shown(size):
    screen = samples_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "2")
        await pilot.pause()
        assert "samples.back" not in names(screen.app, screen.app.screen.active_bindings.values())
