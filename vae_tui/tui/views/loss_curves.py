"""Which curves and reference lines a run's charts show."""

import math

import numpy as np

from vae_tui.run import series
from vae_tui.text import cut
from vae_tui.tui.charts.frame import Level
from vae_tui.tui.charts.series import Series
from vae_tui.tui.state.losses import Column
from vae_tui.tui.state.other_runs import LONGEST_NAME, Overlay
from vae_tui.tui.state.run_view import RunView

TRAIN, TEST, RAW, REFERENCE = "train", "test", "band", "quiet"
NAMES = {"bce": "BCE", "mse": "SE/2"}
"""Labels of the reconstruction losses; SE/2 is half the squared error, summed over the pixels."""
RECENT_SHARE = 0.25
"""Share of the run's epochs that ``recent`` shows."""
SMOOTHING_SHARE = 0.04
"""Span of the smoothing, as a share of the points shown."""


def chart_curves(chart: str, view: RunView, *, smooth: bool, recent: bool) -> tuple[Series, ...]:
    """Return the curves of a chart: of the training, and over it of the tests."""
    since = view.epoch * (1 - RECENT_SHARE) if recent else -math.inf
    curves: list[Series] = []
    for metric in series.drawn("step", chart):
        xs, ys = _within(*_train_line(view, metric.name), since)
        if smooth:
            even = smoothed(ys, SMOOTHING_SHARE * len(ys))
            curves.append(Series(xs, ys, RAW, "", "line"))
            curves.append(Series(xs, even, TRAIN, "trend", "line"))
        else:
            curves.append(Series(xs, ys, TRAIN, "train", "line"))
    for metric in series.drawn("epoch", chart):
        xs, ys = _within(*view.test.curve(metric.name), since)
        curves.append(Series(xs, ys, TEST, "test", "points"))
    return tuple(curves)


def overlay_curves(
    chart: str, view: RunView, overlay: Overlay, *, smooth: bool, recent: bool
) -> tuple[Series, ...]:
    """Return the curves of an overlaid run in a chart of the run on the screen.

    ``smooth`` replaces the raw line; ``recent`` means the newest epochs of the run on the screen.
    """
    span = (view.epoch * (1 - RECENT_SHARE), view.epoch) if recent else (-math.inf, math.inf)
    other, role = overlay.run, overlay.role
    kind = other.config.reconstruction
    differs = chart == "reconstruction" and kind != view.config.reconstruction
    label = cut(other.name, LONGEST_NAME) + (f" {NAMES[kind]}" if differs else "")
    curves: list[Series] = []
    for metric in series.drawn("step", chart):
        xs, ys = _train_line(other, metric.name)
        if smooth:
            ys = smoothed(ys, SMOOTHING_SHARE * len(ys))
        curves.append(Series(*_within(xs, ys, *span), role, label, "line", is_named=True))
    for metric in series.drawn("epoch", chart):
        points = _within(*other.test.curve(metric.name), *span)
        curves.append(Series(*points, role, "", "points"))
    return tuple(curves)


def chart_title(chart: str, view: RunView) -> str:
    """Return what a chart shows, with its unit."""
    if chart == "reconstruction":
        return f"{NAMES[view.config.reconstruction]} nats/image"
    if chart == "kl" and view.config.model == "ae":
        return "KL (not in the loss)"
    (metric, *_) = (*series.drawn("step", chart), *series.drawn("epoch", chart))
    return f"{metric.label} {metric.unit}".strip()


def reconstruction_levels(view: RunView) -> tuple[Level, ...]:
    """Return the losses that give the reconstruction its meaning, where known."""
    levels = []
    if view.started is not None:
        levels.append(Level(view.started.collapse, "collapse", REFERENCE))
        levels.append(Level(view.started.floor, "floor", REFERENCE))
    if view.untrained is not None:
        levels.append(Level(view.untrained.test_bce, "untrained", REFERENCE))
    return tuple(level for level in levels if math.isfinite(level.y))


def change_marks(view: RunView, *, unicode: bool) -> list[tuple[float, str]]:
    """Return the epoch of each changed setting, and what changed, such as ``β 1→4``."""
    if view.started is None:
        return []
    steps = max(view.started.steps_per_epoch, 1)
    arrow, names = ("→", {"beta": "β"}) if unicode else (">", {})
    return [
        (one.step / steps, f"{names.get(one.name, one.name)} {one.old:g}{arrow}{one.new:g}")
        for one in view.setting_changes
    ]


def smoothed(values: Column, span: float) -> Column:
    """Return the mean of about ``span`` values around each one; those not finite stay.

    Centred, so that it does not lag: near the first value, where losses fall steeply, it takes as
    few values after as before; near the last one only those before are complete.
    """
    half, count = int(span / 2), len(values)
    places = np.arange(count)
    first = np.maximum(places - half, 0)
    end = np.minimum(places + np.minimum(half, places), count - 1) + 1
    is_finite = np.isfinite(values)
    sums = np.concatenate(([0.0], np.cumsum(np.where(is_finite, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(is_finite)))
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Column = (sums[end] - sums[first]) / (counts[end] - counts[first])
    return np.where(is_finite, means, values)


def _train_line(view: RunView, name: str) -> tuple[Column, Column]:
    """Return epochs and values; a value that was not finite ends them: the chart marks it."""
    xs, ys = view.train.curve(name)
    if np.isnan(ys).all():  # by a version that did not measure it
        return xs[:0], ys[:0]
    if view.diverged is None or view.started is None:
        return xs, ys
    epoch = view.diverged.step / max(view.started.steps_per_epoch, 1)
    return np.append(xs, epoch), np.append(ys, math.nan)


def _within(xs: Column, ys: Column, since: float, until: float = math.inf) -> tuple[Column, Column]:
    chosen = (xs >= since) & (xs <= until)
    return xs[chosen], ys[chosen]
