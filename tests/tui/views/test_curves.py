"""Which curves and reference lines are drawn."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.run_events import CONFIG, STARTED, losses
from support.run_events import tested as epoch_ended

from vae_tui.tui.state.losses import MOST_POINTS
from vae_tui.tui.state.other_runs import Overlay
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.views.loss_curves import (
    chart_curves,
    has_log_axis,
    overlay_curves,
    reconstruction_levels,
    smoothed,
)
from vae_tui.tui.views.x_axis import RECENT_SHARE

HAPPENED = [
    STARTED,
    epoch_ended(0, test_bce=544.0, test_kl=1.5),
    *(losses(step, bce=500.0 - step, kl=step / 10) for step in range(1, 181)),
    *(epoch_ended(epoch, test_bce=300.0 - epoch, test_kl=5.0 + epoch) for epoch in range(1, 11)),
]
VIEW = advance(RunView("a run", CONFIG, epochs=150), HAPPENED)


def test_smoothing_is_the_mean_of_the_values_around_each_one():
    values = np.random.default_rng(0).normal(size=60)
    means = smoothed(values, 9.0)
    for at in range(32, 56):
        assert means[at] == pytest.approx(values[at - 4 : at + 5].mean())
    np.testing.assert_allclose(means[:8], values[:8])  # the first steps are not smoothed
    assert means[16] == pytest.approx(values[14:19].mean())  # as many after as before
    assert means[58] == pytest.approx(values[54:].mean())


def test_smoothing_a_straight_line_does_not_lag_behind_it():
    line = np.arange(100.0)
    np.testing.assert_allclose(smoothed(line, 21.0)[:90], line[:90])


@given(st.floats(-1e9, 1e9), st.floats(0, 1e3), st.integers(0, 50))
def test_smoothing_leaves_a_constant_alone(value, span, count):
    np.testing.assert_allclose(smoothed(np.full(count, value), span), value, rtol=1e-9)


def test_the_axis_of_losses_is_linear_once_one_is_not_above_zero():
    positive = chart_curves("reconstruction", VIEW, smooth=True, recent=False)
    assert has_log_axis("reconstruction", positive)
    assert not has_log_axis("kl", positive)
    below = advance(VIEW, [epoch_ended(11, test_bce=-3.0, test_kl=5.0)])
    curves = chart_curves("reconstruction", below, smooth=True, recent=False)
    assert not has_log_axis("reconstruction", curves)


def test_a_span_of_one_smooths_nothing():
    values = np.random.default_rng(0).normal(size=20)
    np.testing.assert_allclose(smoothed(values, 1.0), values)
    np.testing.assert_allclose(smoothed(values, 0.0), values)


def test_values_that_are_not_finite_stay_and_are_in_no_mean():
    values = np.array([math.nan, 2.0, math.inf, math.nan, 2.0])
    np.testing.assert_array_equal(smoothed(values, 5.0), values)


def test_both_charts_show_the_train_line_and_the_test_points():
    for chart, column in (("reconstruction", 500.0), ("kl", 0.0)):
        train, points = chart_curves(chart, VIEW, smooth=False, recent=False)
        assert (train.label, train.kind) == ("train", "line")
        assert (points.label, points.kind) == ("test", "points")
        steps = np.arange(1, 181)
        expected = column - steps if column else steps / 10
        np.testing.assert_allclose(train.ys, expected)
        np.testing.assert_allclose(train.xs, steps / 18)
        np.testing.assert_allclose(points.xs, np.arange(11))


def test_smoothing_keeps_the_raw_line_below_the_even_one():
    raw, even, points = chart_curves("reconstruction", VIEW, smooth=True, recent=False)
    plain, _ = chart_curves("reconstruction", VIEW, smooth=False, recent=False)
    np.testing.assert_array_equal(raw.ys, plain.ys)
    np.testing.assert_allclose(even.ys, smoothed(np.asarray(plain.ys), 0.04 * 180))
    assert (raw.label, even.label, points.label) == ("", "trend", "test")
    assert raw.colour != even.colour


@pytest.mark.parametrize("smooth", [True, False])
def test_the_recent_part_is_the_newest_quarter_of_the_run(smooth):
    since = VIEW.epoch * (1 - RECENT_SHARE)
    assert since == 7.5
    for series in chart_curves("reconstruction", VIEW, smooth=smooth, recent=True):
        assert min(series.xs) >= since
        assert max(series.xs) == 10
    _, points = chart_curves("kl", VIEW, smooth=False, recent=True)
    np.testing.assert_array_equal(points.xs, [8, 9, 10])


def test_the_levels_are_those_of_the_data_and_the_untrained_network():
    levels = {level.label: level.y for level in reconstruction_levels(VIEW)}
    assert levels == {"collapse": 213.8, "floor": 46.6, "untrained": 544.0}


def test_a_run_so_long_that_its_points_are_averaged_keeps_the_untrained_level():
    long = advance(VIEW, [epoch_ended(epoch) for epoch in range(11, 3 * MOST_POINTS)])
    assert long.test.rows[0, 1] > 0
    (level,) = (one for one in reconstruction_levels(long) if one.label == "untrained")
    assert level.y == 544.0


def test_a_level_that_is_not_known_is_left_out():
    nothing = RunView("a run", CONFIG)
    assert reconstruction_levels(nothing) == ()
    later = advance(nothing, [epoch_ended(3)])
    assert reconstruction_levels(later) == ()


def test_nothing_at_all_can_be_drawn():
    nothing = RunView("a run", CONFIG)
    for series in chart_curves("reconstruction", nothing, smooth=True, recent=True):
        assert len(series.xs) == len(series.ys) == 0


@pytest.mark.parametrize("chart", ["reconstruction", "kl"])
def test_the_overlaid_line_is_smoothed_like_this_runs(chart):
    noise = np.random.default_rng(0).normal(100, 5, 180)
    events = [losses(step, bce=noise[step - 1], kl=noise[-step]) for step in range(1, 181)]
    other = advance(RunView("other", CONFIG, epochs=150), [STARTED, *events])
    overlay = Overlay(Path("other"), other, role="overlay3")
    plain, *_ = curves = overlay_curves(chart, VIEW, overlay, smooth=False)
    assert {one.colour for one in curves} == {"overlay3"}
    even, *_ = overlay_curves(chart, VIEW, overlay, smooth=True)
    np.testing.assert_allclose(plain.ys, noise if chart == "reconstruction" else noise[::-1])
    np.testing.assert_allclose(even.ys, smoothed(np.asarray(plain.ys), 0.04 * 180))
    assert np.std(even.ys) < np.std(plain.ys) / 2
