"""Ticks of the axes."""

import numpy as np
import pytest

from vae_tui.tui.charts.axis import Range, linear_ticks, log_ticks


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ["0", "5", "10"]),
        (95, 131, ["100", "120"]),
        (0, 0.4, ["0", "0.2", "0.4"]),
        (-1, 1, ["-1", "0", "1"]),
        (0, 2e6, ["0", "1e+06", "2e+06"]),
        (100, 100.001, ["100.0000", "100.0005", "100.0010"]),
    ],
)
def test_ticks_are_few_and_round(low, high, labels):
    assert [tick.label for tick in linear_ticks(Range(low, high), 3)] == labels


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (1, 1e6, ["1", "100", "10000", "1e+06"]),
        (10, 1000, ["10", "100", "1000"]),
        (90, 600, ["100", "200", "500"]),
        (100, 131, ["100", "110", "120", "130"]),
    ],
)
def test_ticks_of_a_log_axis_are_values(low, high, labels):
    ticks = log_ticks(Range(np.log10(low), np.log10(high)), 4)
    assert [tick.label for tick in ticks] == labels
    assert [10**tick.position for tick in ticks] == pytest.approx([float(each) for each in labels])
