"""The outlines of Gaussians in a plane of the latent space."""

import numpy as np
import pytest

from vae_tui.tui.state.map_plane import window_for
from vae_tui.tui.widgets.map.scatter import CORNERS, Cloud, with_bubbles

POINTS = np.array([[0, 0], [3, 1], [-2, 5]], np.float32)
CLOUD = Cloud(POINTS, np.array([0, 1, 2], np.uint8), window_for(POINTS, 40, 20), (0.0, 0.0))
CHOSEN = np.array([1, 2])


def outlines(basis, logvars):
    found = with_bubbles(CLOUD, CHOSEN, np.array(basis, np.float32), np.array(logvars, np.float32))
    np.testing.assert_array_equal(found.points, POINTS[CHOSEN])
    assert found.labels.tolist() == [1, 2]
    assert found.outlines.shape == (2, CORNERS, 2)
    return found.outlines - POINTS[CHOSEN][:, None, :]


def test_on_two_of_the_codes_dimensions_the_radii_are_the_standard_deviations():
    deviations = np.array([[1, 1, 1], [2.0, 7.0, 0.5], [0.1, 7.0, 4.0]])
    around = outlines([[1, 0], [0, 0], [0, 1]], 2 * np.log(deviations))
    np.testing.assert_allclose(around.max(1), deviations[1:, [0, 2]], rtol=2e-3)
    radii = around / deviations[1:, None, [0, 2]]
    np.testing.assert_allclose(np.square(radii).sum(-1), 1, rtol=1e-4)


def test_in_any_plane_a_bubble_is_where_the_density_is_that_of_one_deviation():
    generator = np.random.default_rng(0)
    basis = np.linalg.qr(generator.normal(size=(5, 2)))[0]
    logvars = generator.normal(size=(3, 5))
    for around, logvar in zip(outlines(basis, logvars), logvars[CHOSEN], strict=True):
        precision = np.linalg.inv(basis.T @ np.diag(np.exp(logvar)) @ basis)
        np.testing.assert_allclose(
            np.einsum("ni,ij,nj->n", around, precision, around), 1, rtol=1e-4
        )


@pytest.mark.parametrize("spread", [20, 60])
def test_absurd_variances_are_drawn_as_well_as_they_can_be(spread):
    generator = np.random.default_rng(1)
    basis = np.linalg.qr(generator.normal(size=(5, 2)))[0]
    for _ in range(50):
        logvars = np.clip(generator.normal(0, spread, (3, 5)), -60, 60)
        assert np.isfinite(outlines(basis, logvars)).all()
