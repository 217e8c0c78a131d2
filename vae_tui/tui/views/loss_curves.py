"""Which curves and reference lines a run's charts show."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vae_tui.tui.charts.frame import Level
from vae_tui.tui.charts.series import Series
from vae_tui.tui.state.other_runs import OVERLAID, short_name
from vae_tui.tui.state.run_view import RunView

Column = NDArray[np.float64]

TRAIN, TEST, RAW, REFERENCE = "color(39)", "color(214)", "color(24)", "color(244)"
NAMES = {"bce": "BCE", "mse": "SE/2"}
"""Of the reconstruction terms; SE/2 is half the squared error, summed over the pixels."""
RECENT_SHARE = 0.25
"""How much of the run the recent part is."""
SMOOTHING_SHARE = 0.04
"""Span of the smoothing, as a share of the points shown."""


def reconstruction_curves(view: RunView, *, smooth: bool, recent: bool) -> tuple[Series, ...]:
    """Return train line and test points of the reconstruction term."""
    train_epochs, train, _ = view.train.columns
    test_epochs, test, _ = view.test.columns
    return _curves(view, (train_epochs, train), (test_epochs, test), smooth=smooth, recent=recent)


def kl_curves(view: RunView, *, smooth: bool, recent: bool) -> tuple[Series, ...]:
    """Return train line and test points of the KL."""
    train_epochs, _, train = view.train.columns
    test_epochs, _, test = view.test.columns
    return _curves(view, (train_epochs, train), (test_epochs, test), smooth=smooth, recent=recent)


def overlay_curves(
    term: Literal["reconstruction", "kl"],
    view: RunView,
    other: RunView,
    *,
    smooth: bool,
    recent: bool,
) -> tuple[Series, ...]:
    """Return train line and test points of another run, on the epochs of the run on the screen.

    Args:
        term: Which of the loss.
        view: The run on the screen, whose newest epochs are the recent ones.
        other: The run laid over it.
        smooth: Draw the smoothed line instead of the raw one.
        recent: Only what lies in the recent part.
    """
    place = 1 if term == "reconstruction" else 2
    train, test = other.train.columns, other.test.columns
    xs, ys = _until_it_diverged(other, train[0], train[place])
    test_xs, test_ys = test[0], test[place]
    if smooth:
        ys = smoothed(ys, SMOOTHING_SHARE * len(ys))
    if recent:
        span = view.epoch * (1 - RECENT_SHARE), view.epoch
        (xs, ys), (test_xs, test_ys) = _within(xs, ys, *span), _within(test_xs, test_ys, *span)
    kind = other.config.reconstruction
    differs = term == "reconstruction" and kind != view.config.reconstruction
    label = f"{short_name(other.name)} {NAMES[kind]}" if differs else short_name(other.name)
    return (
        Series(xs, ys, OVERLAID, label, "line", is_named=True),
        Series(test_xs, test_ys, OVERLAID, "", "points"),
    )


def reconstruction_levels(view: RunView) -> tuple[Level, ...]:
    """Return the losses that give the reconstruction its meaning, where known."""
    levels = []
    if view.started is not None:
        levels.append(Level(view.started.collapse, "collapse", REFERENCE))
        levels.append(Level(view.started.floor, "floor", REFERENCE))
    levels.append(Level(view.untrained_bce, "untrained", REFERENCE))
    return tuple(level for level in levels if math.isfinite(level.y))


def smoothed(values: Column, span: float) -> Column:
    """Return the exponential moving average, started at the first value; NaN is passed over."""
    keep = 1 - 2 / (max(span, 1.0) + 1)
    result = np.empty_like(values)
    mean = math.nan
    for index, value in enumerate(values.tolist()):
        if math.isfinite(value):
            mean = value if math.isnan(mean) else keep * mean + (1 - keep) * value
        result[index] = mean
    return result


def _curves(
    view: RunView,
    train: tuple[Column, Column],
    test: tuple[Column, Column],
    *,
    smooth: bool,
    recent: bool,
) -> tuple[Series, ...]:
    train = _until_it_diverged(view, *train)
    since = view.epoch * (1 - RECENT_SHARE) if recent else -math.inf
    (xs, ys), (test_xs, test_ys) = (_within(*pair, since) for pair in (train, test))
    points = Series(test_xs, test_ys, TEST, "test", "points")
    if not smooth:
        return Series(xs, ys, TRAIN, "train", "line"), points
    even = smoothed(ys, SMOOTHING_SHARE * len(ys))
    return (
        Series(xs, ys, RAW, "", "line"),
        Series(xs, even, TRAIN, "train, smoothed", "line"),
        points,
    )


def _until_it_diverged(view: RunView, xs: Column, ys: Column) -> tuple[Column, Column]:
    """Return the line with the value at its end that was not finite: the chart marks it."""
    if view.diverged is None or view.started is None:
        return xs, ys
    epoch = view.diverged.step / max(view.started.steps_per_epoch, 1)
    return np.append(xs, epoch), np.append(ys, math.nan)


def _within(xs: Column, ys: Column, since: float, until: float = math.inf) -> tuple[Column, Column]:
    chosen = (xs >= since) & (xs <= until)
    return xs[chosen], ys[chosen]
