import itertools

import numpy as np
import pytest

from vae_tui.latent.codes import aggregate, between, prior
from vae_tui.latent.posterior import Posteriors

START = np.array([1.0, 2.0, -1.0, 0.3], np.float32)
END = np.array([-3.0, 0.5, 2.0, 1.7], np.float32)
BOTH_PATHS = pytest.mark.parametrize("path", ["linear", "slerp"])


def angle(a, b) -> float:
    a, b = a.astype(float), b.astype(float)
    return float(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def test_the_prior_is_standard_normal_in_every_dimension_and_between_them():
    codes = prior(1, 20_000, 5)
    assert codes.shape == (20_000, 5)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(codes.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(5), atol=0.04)
    np.testing.assert_allclose((codes**4).mean(0), 3, atol=0.25)  # its kurtosis


@pytest.mark.parametrize("latent_dim", [1, 3, 20])
def test_the_first_codes_of_the_prior_do_not_depend_on_the_count(latent_dim):
    many = prior(4, 300, latent_dim)
    for count in (0, 1, 7, 299):
        assert np.array_equal(prior(4, count, latent_dim), many[:count])


def test_the_aggregate_posterior_has_the_means_and_deviations_of_the_images():
    means = np.array([[0.0, 5.0], [20.0, -3.0]], np.float32)
    deviations = np.array([[1.0, 2.0], [0.5, 3.0]], np.float32)
    codes = aggregate(1, 20_000, Posteriors(means, deviations))
    first = codes[:, 0] < 10
    assert first.mean() == pytest.approx(0.5, abs=0.02)
    for chosen, mean, deviation in ((first, means[0], (1, 2)), (~first, means[1], (0.5, 3))):
        np.testing.assert_allclose(codes[chosen].mean(0), mean, atol=0.1)
        np.testing.assert_allclose(codes[chosen].std(0), deviation, rtol=0.05)


def test_the_temperature_widens_the_aggregate_posterior_around_the_same_means():
    means, deviations = prior(2, 9, 3) * 100, np.exp(prior(3, 9, 3) / 2)
    posteriors = Posteriors(means, deviations)
    at_means, codes, hot = (aggregate(1, 50, posteriors, spread) for spread in (0.0, 1.0, 2.5))
    assert {tuple(code) for code in at_means} <= {tuple(mean) for mean in means}
    np.testing.assert_allclose(hot - at_means, 2.5 * (codes - at_means), atol=1e-3)
    assert np.abs(codes - at_means).min(1).max() > 0


def test_another_seed_gives_other_codes():
    assert not np.array_equal(prior(1, 4, 4), prior(2, 4, 4))
    assert np.array_equal(prior(1, 4, 4), prior(1, 4, 4))


@BOTH_PATHS
@pytest.mark.parametrize("steps", [2, 3, 8, 100])
def test_a_way_begins_and_ends_exactly_at_its_ends(path, steps):
    way = between(START, END, steps, path)
    assert way.shape == (steps, 4)
    assert way.dtype == np.float32
    assert np.array_equal(way[0], START)
    assert np.array_equal(way[-1], END)


@BOTH_PATHS
def test_a_way_of_one_step_is_its_start_and_of_none_is_empty(path):
    assert np.array_equal(between(START, END, 1, path), START[None])
    assert between(START, END, 0, path).shape == (0, 4)


def test_a_straight_way_has_equal_steps():
    steps = np.diff(between(START, END, 9), axis=0)
    np.testing.assert_allclose(steps, np.tile((END - START) / 8, (8, 1)), atol=1e-6)


def test_a_great_circles_lengths_go_evenly_from_one_to_the_other():
    lengths = np.linalg.norm(between(START, END, 9, "slerp"), axis=1)
    expected = np.linspace(np.linalg.norm(START), np.linalg.norm(END), 9)
    np.testing.assert_allclose(lengths, expected, rtol=1e-5)


def test_a_great_circles_angles_are_evenly_spaced_and_in_one_plane():
    way = between(START, END, 9, "slerp")
    turns = [angle(a, b) for a, b in itertools.pairwise(way)]
    np.testing.assert_allclose(turns, angle(START, END) / 8, rtol=1e-3)
    assert np.linalg.matrix_rank(np.vstack([START, END, way]), tol=1e-4) == 2


def test_between_equal_lengths_a_great_circle_stays_on_the_sphere_and_a_line_does_not():
    a, b = np.array([3.0, 0, 0], np.float32), np.array([0, 3.0, 0], np.float32)
    middle = 3 / np.sqrt(2)
    np.testing.assert_allclose(between(a, b, 3, "slerp")[1], [middle, middle, 0], rtol=1e-6)
    np.testing.assert_allclose(between(a, b, 3, "linear")[1], [1.5, 1.5, 0])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, -START),
        (START, -2 * START),
        (START, 3 * START),
        (START, START),
        (START, np.zeros(4, np.float32)),
        (np.zeros(4, np.float32), END),
        (np.zeros(4, np.float32), np.zeros(4, np.float32)),
    ],
    ids=["opposite", "opposite, longer", "same way", "same", "to 0", "from 0", "from 0 to 0"],
)
def test_a_great_circle_without_a_direction_to_turn_is_a_straight_line(start, end):
    way = between(start, end, 5, "slerp")
    share = np.linspace(0, 1, 5)[:, None]
    np.testing.assert_allclose(way, (1 - share) * start + share * end, atol=1e-6)


@BOTH_PATHS
def test_a_way_back_is_the_way_reversed(path):
    np.testing.assert_allclose(
        between(START, END, 7, path), between(END, START, 7, path)[::-1], atol=1e-6
    )
