"""The mixture of Gaussians over codes: the fit, and draws from it."""

import numpy as np
import pytest

from vae_tui.latent.codes import prior
from vae_tui.latent.mixture import Mixture
from vae_tui.latent.mixture_fit import COMPONENTS, fit
from vae_tui.latent.posterior import Posteriors

TWO = Mixture(
    np.array([0.25, 0.75], np.float32),
    np.array([[-50.0, 0.0], [50.0, 5.0]], np.float32),
    np.array([[[1.0, 0.0], [2.0, 1.0]], [[3.0, 0.0], [0.0, 0.5]]], np.float32),
)


def without_noise(means):
    return Posteriors(means, np.zeros_like(means))


def test_draws_have_the_probabilities_means_and_covariances_of_the_gaussians():
    codes = TWO.draw(1, 40_000)
    first = codes[:, 0] < 0
    assert first.mean() == pytest.approx(0.25, abs=0.01)
    for number, here in enumerate((first, ~first)):
        factor = TWO.factors[number]
        np.testing.assert_allclose(codes[here].mean(0), TWO.means[number], atol=0.1)
        np.testing.assert_allclose(np.cov(codes[here].T), factor @ factor.T, atol=0.25)


def test_the_first_draws_do_not_depend_on_the_count_and_another_seed_gives_others():
    many = TWO.draw(7, 300)
    for count in (1, 2, 299):
        np.testing.assert_array_equal(TWO.draw(7, count), many[:count])
    assert not np.array_equal(TWO.draw(8, 300), many)


def test_the_temperature_widens_each_gaussian_around_its_mean():
    at_means, codes, hot = (TWO.draw(1, 50, temperature) for temperature in (0.0, 1.0, 2.5))
    assert {tuple(code) for code in at_means} == {tuple(mean) for mean in TWO.means}
    np.testing.assert_allclose(hot - at_means, 2.5 * (codes - at_means), rtol=1e-4, atol=1e-4)


def test_the_gaussians_of_well_separated_groups_are_found():
    centres = 30 * np.eye(4, dtype=np.float32)
    means = np.repeat(centres, 25, axis=0) + prior(2, 100, 4)
    found = fit(Posteriors(means, np.full_like(means, 2.0)))
    assert len(found) == 4
    for centre, factor in zip(centres, found.factors, strict=True):
        distances = np.linalg.norm(found.means - centre, axis=1)
        assert distances.min() < 1.5
        # The spread of the means, and of the noise of each.
        np.testing.assert_allclose(np.diag(factor @ factor.T), 1 + 2**2, rtol=0.5)
    np.testing.assert_allclose(found.weights, 1 / 4, atol=0.03)


def test_the_same_codes_always_give_the_same_mixture():
    posteriors = Posteriors(prior(1, 200, 6), np.abs(prior(2, 200, 6)))
    first, again = fit(posteriors), fit(posteriors)
    for name in ("weights", "means", "factors"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


@pytest.mark.parametrize("latent_dim", [1, 2, 20, 64])
@pytest.mark.parametrize("images", [1, 2, 7, 300])
def test_any_number_of_test_images_and_dimensions_will_do(images, latent_dim):
    means = prior(1, images, latent_dim)
    for posteriors in (Posteriors(means, np.ones_like(means)), without_noise(means)):
        found = fit(posteriors)
        assert 1 <= len(found) <= min(COMPONENTS, images)
        codes = found.draw(1, 500)
        assert codes.shape == (500, latent_dim)
        assert codes.dtype == np.float32
        assert np.abs(codes).max() < 20


@pytest.mark.parametrize("scale", [0, 1e-30, 1e-6, 1e6])
def test_dead_dimensions_and_codes_of_any_size_are_no_obstacle(scale):
    means = prior(1, 100, 5) * np.float32(scale)
    means[:, 3] = 7  # the same for each image
    codes = fit(without_noise(means)).draw(1, 1_000)
    assert np.isfinite(codes).all()
    np.testing.assert_allclose(codes[:, 3], 7, atol=0.1)
    np.testing.assert_allclose(codes[:, 0].std(), means[:, 0].std(), rtol=0.2, atol=0.02)
