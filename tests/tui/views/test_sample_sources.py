"""The Samples view: from the prior, the aggregate posterior, and a mixture of Gaussians."""

import dataclasses
import threading
from functools import partial

import numpy as np
from support.fake_networks import one_gaussian, probe, random_network
from support.run_events import CONFIG
from support.screen import Screen, new_weights, open_view, wait_until, walk_code
from support.views import spread_out

from vae_tui.latent.posterior import posteriors

samples_screen = partial(Screen, views="23")

FIRST, SECOND = random_network(540), random_network(576)


async def test_g_draws_from_the_aggregate_posterior_and_back():
    screen = samples_screen()
    # Each posterior is so narrow that its draws are the means of test images.
    narrow = spread_out(FIRST, np.full(20, 1e-4))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await new_weights(pilot, screen, narrow)
        from_prior = screen.pictures().images
        await pilot.press("g")
        assert "Posterior samples" in screen.caption()
        drawn = screen.pictures().images
        reconstructions = narrow.decode(narrow.encode(probe().images)[0]).astype(int)
        for picture in drawn.astype(int):
            assert np.abs(reconstructions - picture).max(1).min() <= 1
        assert len({picture.tobytes() for picture in drawn}) > 5
        await pilot.press("g")
        await wait_until(pilot, lambda: "Mixture samples" in screen.caption())
        await pilot.press("g")
        assert "Prior samples" in screen.caption()
        np.testing.assert_array_equal(screen.pictures().images, from_prior)
        await pilot.press("g")
        np.testing.assert_array_equal(screen.pictures().images, drawn)
        await pilot.press("space")
        assert (screen.pictures().images != drawn).any()
        assert "seed 2" in screen.caption()


async def test_at_temperature_0_samples_of_the_posterior_are_reconstructions():
    screen = samples_screen()
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


async def test_while_a_mixture_is_fitted_every_key_works_and_what_is_shown_is_named():
    is_free = threading.Event()

    def slow(posteriors):
        is_free.wait()
        return one_gaussian(posteriors)

    screen = samples_screen(fit_mixture=slow)
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("g", "g", "space", "right")
        assert "Posterior samples · fitting a mixture" in screen.caption()
        assert "--seed 2 --temperature 1 --source posterior" in screen.view.command("RUN")
        is_free.set()
        await wait_until(pilot, lambda: "Mixture samples" in screen.caption())
        mixture = one_gaussian(posteriors(FIRST, probe().images, "vae"))
        expected = FIRST.decode(mixture.draw(2, 18))
        np.testing.assert_array_equal(screen.pictures().images, expected)
        assert "--source mixture" in screen.view.command("RUN")
        await pilot.press("plus", "enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        np.testing.assert_array_equal(walk_code(screen), mixture.draw(2, 18, 1.2)[1])


async def test_a_mixture_is_fitted_once_for_the_weights_and_named_by_their_step():
    fitted, is_free = [], threading.Event()
    is_free.set()

    def counting(posteriors):
        is_free.wait()
        fitted.append(posteriors)
        return one_gaussian(posteriors)

    screen = samples_screen(fit_mixture=counting)
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("g", "g")
        await wait_until(pilot, lambda: "Mixture samples" in screen.caption())
        await pilot.press("g", "g", "g", "space")
        assert "Mixture samples" in screen.caption()
        assert len(fitted) == 1
        is_free.clear()
        await new_weights(pilot, screen, SECOND)
        assert "step 540" in screen.caption()
        first = one_gaussian(posteriors(FIRST, probe().images, "vae"))
        expected = FIRST.decode(first.draw(2, 18))
        np.testing.assert_array_equal(screen.pictures().images, expected)
        is_free.set()
        await wait_until(pilot, lambda: "step 576" in screen.caption())
        assert len(fitted) == 2


async def test_without_test_images_there_is_only_the_prior():
    screen = samples_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "nothing left")
        screen.reader.load(FIRST)
        await wait_until(pilot, lambda: screen.app.scene.network is FIRST)
        for _ in range(3):
            await pilot.press("g")
            assert "Prior samples" in screen.caption()
            assert "--source" not in screen.view.command("RUN")


async def test_an_auto_encoder_has_codes_without_noise():
    screen = samples_screen(config=dataclasses.replace(CONFIG, model="ae"))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("g")
        reconstructions = FIRST.decode(FIRST.encode(probe().images)[0]).astype(int)
        for picture in screen.pictures().images.astype(int):
            assert np.abs(reconstructions - picture).max((1, 2)).min() <= 1
