"""The walk as a value: where its methods lead."""

from itertools import pairwise

import numpy as np
import pytest
from support.fake_networks import probe, random_network

from vae_tui.latent.codes import prior
from vae_tui.tui.state.walk_place import DRIFT_STEPS, FRAMES, Drift, Interpolation, Point, Walk

NETWORK = random_network(540)
A = Point("here", np.zeros(20, np.float32))
B = Point("there", np.ones(20, np.float32))


def test_a_drift_is_continuous_and_passes_through_draws_of_the_prior():
    codes = [Drift(3, tick).code_for(NETWORK, None) for tick in range(3 * DRIFT_STEPS + 1)]
    steps = [np.linalg.norm(after - before) for before, after in pairwise(codes)]
    assert max(steps) < 3 * np.linalg.norm(codes[0]) / DRIFT_STEPS
    np.testing.assert_allclose(codes[::DRIFT_STEPS], prior(3, 4, 20), atol=1e-6)


def test_an_interpolation_has_all_its_frames_and_then_ends():
    place, count = Interpolation(A, B), 1
    while (following := place.next_frame()) is not None:
        place, count = following, count + 1
    assert count == FRAMES
    assert place.frame == FRAMES - 1
    np.testing.assert_array_equal(place.code_for(NETWORK, None), B.code)


def test_slerp_and_linear_differ_and_pixels_are_a_cross_fade():
    first, second = prior(1, 2, 20)
    films = {
        path: Interpolation(Point("a", first), Point("b", second), path).film(NETWORK, None, 3)
        for path in ("linear", "slerp", "pixels")
    }
    np.testing.assert_allclose(films["linear"][1][1], (first + second) / 2, rtol=1e-5)
    middle = np.linalg.norm(films["slerp"][1][1])
    assert middle == pytest.approx((np.linalg.norm(first) + np.linalg.norm(second)) / 2, rel=1e-5)
    ends = films["pixels"][0][[0, 2]].astype(float)
    assert np.abs(films["pixels"][0][1] - ends.mean(0)).max() <= 0.51


def test_a_number_is_changed_within_its_limits_and_the_others_are_kept():
    walk = Walk(place=A).to_value(A.code, 4, 100.0)
    code = walk.place.code_for(NETWORK, None)
    assert code[4] == 9.75
    assert np.count_nonzero(code) == 1
    assert walk.place.name == "here, moved"
    assert walk.to_value(code, 4, 0.0).place.name == "here, moved"
    sample = Walk(place=Point("sample 2 · seed 1", code)).to_value(code, 4, 0.0)
    assert sample.place.name == "sample 2, moved · seed 1"
    assert sample.to_value(code, 4, 1.0).place.name == "sample 2, moved · seed 1"


def test_marks_are_ends_of_an_interpolation_once_both_are_set():
    walk = Walk(place=A).marked("a", A.code)
    assert walk.to_marks() is None
    walk = Walk(place=B, marks=walk.marks, path="slerp").marked("b", B.code)
    place = walk.to_marks().place
    assert (place.start, place.end, place.path) == (A, B, "slerp")


def test_the_same_two_classes_again_are_other_digits():
    walk = Walk().to_classes(3, 8, probe())
    again = walk.to_classes(3, 8, probe())
    assert [probe().labels[point.image] for point in (again.place.start, again.place.end)] == [3, 8]
    assert again.morphs == {(3, 8): 2}


def test_a_mark_on_an_interpolation_and_a_number_moved_on_a_drift_say_where_they_are_from():
    between = Walk(place=Interpolation(A, B)).marked("a", A.code)
    assert between.marks["a"].name == "between two points"
    assert Walk(place=Drift(3)).to_value(A.code, 4, 1.0).place.name == "on a drift, moved"
