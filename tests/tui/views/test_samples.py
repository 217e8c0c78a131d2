"""The Samples view: which codes are decoded, and what its keys do."""

import numpy as np
import pytest
from support.fake_networks import probe, random_network, samples_of
from support.screen import Screen, new_weights, open_view, wait_until
from support.views import spread_out

from vae_tui.latent.codes import prior
from vae_tui.tui.views.samples import TEMPERATURES, grid

FIRST, SECOND = random_network(540), random_network(576)


async def test_samples_say_what_they_wait_for():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "started")
        assert "the first weights" in screen.caption()


async def test_samples_of_a_dead_run_without_weights_say_so():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "nothing left")
        assert "no weights that can be read" in screen.caption()


@pytest.mark.parametrize("view", ["4", "5"])
async def test_without_test_images_a_view_of_them_does_not_blame_the_weights(view):
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, view, "nothing left")
        screen.reader.load(FIRST)
        await wait_until(pilot, lambda: "no test images" in screen.caption())


async def test_train_does_not_wait_for_the_weights_of_a_dead_run():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", "nothing left")
        assert screen.caption("samples-caption") == "no weights that can be read"


async def test_samples_follow_newer_weights_with_the_same_z():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        count = len(screen.pictures().images)
        assert count == 18
        np.testing.assert_array_equal(screen.pictures().images, samples_of(FIRST, 1, count))
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_array_equal(screen.pictures().images, samples_of(SECOND, 1, count))
        assert "step 576" in screen.caption()


async def test_space_draws_new_samples_and_names_their_seed():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        assert "seed 1" in screen.caption()
        await pilot.press("space")
        assert "seed 2" in screen.caption()
        np.testing.assert_array_equal(screen.pictures().images, samples_of(FIRST, 2, 18))


async def test_plus_and_minus_scale_z_and_stop_at_the_ends():
    screen = Screen()
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


async def test_as_many_samples_are_drawn_as_fit_another_size():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "2")
        await pilot.resize_terminal(200, 60)
        await wait_until(pilot, lambda: len(screen.pictures().images) > 18)
        await pilot.pause()
        pictures = screen.pictures()
        room = (pictures.pixels + 1) * pictures.columns * len(pictures.images) // pictures.columns
        assert room * pictures.pixels // 2 > 0.75 * 200 * 60
        assert screen.caption().startswith(f"{len(pictures.images)} ")


def test_a_grid_never_leaves_the_view():
    for width in range(28, 260):
        for height in range(14, 90):
            pixels, columns, rows = grid(width, height, 28)
            assert (pixels + 1) * columns - 1 <= width
            assert rows * pixels // 2 <= height


async def test_g_draws_from_the_aggregate_posterior_and_back():
    screen = Screen()
    # Each posterior is so narrow that its draws are the means of test digits.
    narrow = spread_out(FIRST, np.full(20, 1e-4))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await new_weights(pilot, screen, narrow)
        from_prior = screen.pictures().images
        await pilot.press("g")
        assert "posterior samples" in screen.caption()
        drawn = screen.pictures().images
        reconstructions = narrow.decode(narrow.encode(probe().images)[0]).astype(int)
        for picture in drawn.astype(int):
            assert np.abs(reconstructions - picture).max(1).min() <= 1
        assert len({picture.tobytes() for picture in drawn}) > 5
        await pilot.press("g")
        assert "prior samples" in screen.caption()
        np.testing.assert_array_equal(screen.pictures().images, from_prior)
        await pilot.press("g")
        np.testing.assert_array_equal(screen.pictures().images, drawn)
        await pilot.press("space")
        assert (screen.pictures().images != drawn).any()
        assert "seed 2" in screen.caption()


async def test_at_temperature_0_samples_of_the_posterior_are_reconstructions():
    screen = Screen()
    wide = spread_out(FIRST, np.full(20, 3.0))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await new_weights(pilot, screen, wide)
        reconstructions = wide.decode(wide.encode(probe().images)[0]).astype(int)

        def distance():
            shown = screen.pictures().images.astype(int)
            return max(np.abs(reconstructions - picture).max((1, 2)).min() for picture in shown)

        await pilot.press("g")
        assert distance() > 50
        await pilot.press(*["minus"] * 6)
        assert "temperature 0 " in screen.caption() + " "
        assert distance() <= 1
