"""Curves of bounded length, and the first events in full."""

import sys

import numpy as np
import pytest

from vae_tui.tui.state.losses import MOST_POINTS, Losses


def test_a_hundred_thousand_losses_stay_bounded_with_the_right_means():
    generator = np.random.default_rng(1)
    bce = generator.normal(100, 20, 100_000)
    series = Losses.of("bce", "kl")
    largest = 0
    for start in range(0, len(bce), 50):
        steps = range(start, start + 50)
        series = series.add([(step, step / 18, bce[step], -bce[step]) for step in steps])
        largest = max(largest, len(series.rows))
        assert len(series.pending) < 2 * series.stride
    assert largest <= MOST_POINTS
    stride = series.stride
    whole = len(series.rows) * stride
    assert len(bce) - whole < 2 * stride
    expected = bce[:whole].reshape(-1, stride).mean(1)
    np.testing.assert_allclose(series.rows[:, 2], expected, rtol=1e-12)
    np.testing.assert_allclose(series.rows[:, 3], -expected, rtol=1e-12)
    epochs, losses_shown, _ = series.columns
    np.testing.assert_allclose(
        losses_shown[-1], bce[whole:].mean() if whole < len(bce) else expected[-1]
    )
    assert (np.diff(epochs) > 0).all()


def test_the_first_events_of_the_training_are_never_averaged():
    events = [(step, step / 18, float(step), 0.0) for step in range(10_000)]
    for pieces in (1, 7, 1000):
        series = Losses.of("bce", "kl", most_first=300)
        for start in range(0, len(events), pieces):
            series = series.add(events[start : start + pieces])
            if start > 2_000:
                break
        series = series.add(events[start + pieces :])
        assert series.stride > 1
        _, bce, _ = series.columns
        np.testing.assert_array_equal(bce[:300], np.arange(300))
        assert (np.diff(bce) > 0).all()
        np.testing.assert_array_equal(series.until(99).columns[1], np.arange(100))


def test_the_cost_of_an_event_does_not_grow_with_the_run():
    def work(series: Losses) -> int:
        """Count the Python calls of adding one event."""
        calls = 0

        def count(_frame, what, _argument):
            nonlocal calls
            calls += what in ("call", "c_call")

        sys.setprofile(count)
        try:
            series.add([(1e9, 1.0, 1.0, 1.0)])
        finally:
            sys.setprofile(None)
        return calls

    short = Losses.of("bce", "kl").add([(step, step, 1.0, 1.0) for step in range(100)])
    long = Losses.of("bce", "kl").add([(step, step, 1.0, 1.0) for step in range(100_000)])
    assert work(long) <= work(short) + 3
    assert len(long.rows) + len(long.pending) <= MOST_POINTS + long.stride * 2


@pytest.mark.parametrize("most", [5, 6])
def test_every_loss_counts_once_in_a_thinned_series_of_any_length(most):
    rng = np.random.default_rng(1)
    values = rng.normal(size=97)
    series = Losses.of("bce", most=most)
    for step, value in enumerate(values):
        series = series.add([(step, step, value)])
    weights = np.append(np.full(len(series.rows), series.stride), np.ones(len(series.pending)))
    total = weights @ np.vstack([series.rows, series.pending])[:, 2]
    assert weights.sum() == len(values)
    assert total == pytest.approx(values.sum())


def test_a_void_part_of_a_thinned_series_is_gone_and_the_rest_stays():
    series = Losses.of("bce", "kl").add(
        [(step, step / 18, float(step), 0.0) for step in range(10_000)]
    )
    kept = series.until(4_000)
    assert kept.rows[:, 0].max() <= 4_000
    assert kept.rows[:, 0].max() > 4_000 - 2 * series.stride
    assert len(kept.pending) == 0
