"""The Fréchet distance of two normal distributions."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from vae_tui.evaluation.frechet import Moments, frechet_distance, moments


def drawn(seed, count, size):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(count, size)) @ generator.normal(size=(size, size))


@pytest.mark.parametrize("size", [1, 2, 30, 100])
def test_it_is_what_the_matrix_square_root_gives(size):
    one, other = moments(drawn(1, 500, size)), moments(drawn(2, 500, size) + 1)
    root = sqrtm(one.covariance @ other.covariance).real
    expected = np.square(one.mean - other.mean).sum() + np.trace(
        one.covariance + other.covariance - 2 * root
    )
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-6)


def test_of_diagonal_gaussians_it_is_the_distance_of_means_and_deviations():
    generator = np.random.default_rng(3)
    means, deviations = generator.normal(size=(2, 9)), generator.uniform(0, 2, (2, 9))
    deviations[0, :2] = deviations[1, 1:3] = 0  # neither, one or both
    one, other = (
        Moments(mean, np.diag(spread**2)) for mean, spread in zip(means, deviations, strict=True)
    )
    expected = np.square(means[0] - means[1]).sum() + np.square(deviations[0] - deviations[1]).sum()
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)


def test_a_set_has_no_distance_to_itself_and_a_shifted_one_has_the_square_of_the_shift():
    features = drawn(4, 300, 20)
    same = moments(features)
    assert frechet_distance(same, same) == pytest.approx(0, abs=1e-6 * np.trace(same.covariance))
    shift = np.arange(20.0)
    assert frechet_distance(same, moments(features + shift)) == pytest.approx(
        np.square(shift).sum(), rel=1e-6
    )


def test_fewer_images_than_features_and_constant_features_will_do():
    few = drawn(5, 8, 50)
    few[:, 7] = 3
    distance = frechet_distance(moments(few), moments(drawn(6, 8, 50)))
    assert np.isfinite(distance)
    assert distance > 0
