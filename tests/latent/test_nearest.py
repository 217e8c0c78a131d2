"""The test image nearest to a picture."""

import numpy as np
import pytest
from support.fake_networks import probe

from vae_tui.latent.nearest import nearest, ranked


@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_image_has_the_least_squared_error_of_all(seed):
    shown = probe()
    picture = np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)
    errors = [((image / 255 - picture / 255) ** 2).sum() for image in shown.images]
    index, error = nearest(shown, picture)
    assert index == int(np.argmin(errors))
    assert error == pytest.approx(min(errors), rel=1e-5)


def test_a_test_image_is_nearest_to_itself():
    shown = probe()
    assert nearest(shown, shown.images[7]) == (7, 0.0)


def test_the_ranked_images_are_in_the_order_of_their_errors():
    shown = probe()
    picture = np.random.default_rng(8).integers(0, 256, (28, 28), dtype=np.uint8)
    errors = ((shown.images / 255 - picture / 255) ** 2).sum((1, 2))
    found = ranked(shown, picture, 5)
    assert [index for index, _ in found] == np.argsort(errors)[:5].tolist()
    np.testing.assert_allclose([error for _, error in found], np.sort(errors)[:5], rtol=1e-5)
