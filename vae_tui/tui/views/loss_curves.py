"""Which curves and reference lines a run's charts show."""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from vae_tui.run import series
from vae_tui.run.series import RECONSTRUCTION_TERMS
from vae_tui.text import cut
from vae_tui.tui.charts.axis import position_text
from vae_tui.tui.charts.levels import Level
from vae_tui.tui.charts.series import Series
from vae_tui.tui.state.losses import Column
from vae_tui.tui.state.other_runs import LONGEST_NAME, Overlay
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.theme import OVERLAY_ROLES
from vae_tui.tui.views.x_axis import newest_epoch, recent_epochs

TRAIN, LOSS, TEST, RAW, REFERENCE = "train", "loss", "test", "band", "quiet"
_MARKS = {TEST: "o", LOSS: "l", **dict(zip(OVERLAY_ROLES, "abcd", strict=True))}
SMOOTHING_SHARE = 0.04
"""Span of the smoothing, as a share of the points shown."""
EARLY_SPAN = 1 / 4
"""Span of the smoothing near the first value, as a share of the values before it."""


def has_log_axis(chart: str, curves: Iterable[Series]) -> bool:
    """Return whether a chart can be logarithmic: a Gaussian's loss goes below 0."""
    ys = [np.asarray(curve.ys, float) for curve in curves]
    return chart == "reconstruction" and not any((values <= 0).any() for values in ys)


def chart_curves(chart: str, view: RunView, *, smooth: bool, recent: bool) -> tuple[Series, ...]:
    """Return the curves of a chart: of the training, and over it of the tests."""
    since = recent_epochs(view)[0] if recent else -math.inf
    curves: list[Series] = []
    for metric in series.drawn("step", chart):
        if not metric.is_in(view.config):
            continue
        xs, ys = _train_line(view, metric.name)
        xs, ys = xs[xs >= since], ys[xs >= since]
        even = smoothed(ys, SMOOTHING_SHARE * len(ys)) if smooth else ys
        if metric.role == LOSS:
            curves.append(Series(xs, even, LOSS, metric.label, "line"))
        elif smooth:
            curves.append(Series(xs, ys, RAW, "", "line"))
            curves.append(Series(xs, even, TRAIN, "trend", is_trend=True))
        else:
            curves.append(Series(xs, ys, TRAIN, "train", "line"))
    for metric in series.drawn("epoch", chart):
        xs, ys = view.test.curve(metric.name)
        first = int(np.searchsorted(xs, since))
        best = _best_test(view) - first
        curves.append(Series(xs[first:], ys[first:], TEST, "test", "points", best=best))
    return tuple(curves)


def overlay_curves(
    chart: str, view: RunView, overlay: Overlay, *, smooth: bool
) -> tuple[Series, ...]:
    """Return the curves of an overlaid run in a chart of the run on the screen.

    ``smooth`` replaces the raw line.
    """
    other, role = overlay.run, overlay.role
    kind = other.config.reconstruction
    differs = chart == "reconstruction" and kind != view.config.reconstruction
    label = cut(other.name, LONGEST_NAME) + (
        f" {RECONSTRUCTION_TERMS[kind].label}" if differs else ""
    )
    curves: list[Series] = []
    for metric in series.drawn("step", chart):
        if metric.role == LOSS:
            continue
        xs, ys = _train_line(other, metric.name)
        if smooth:
            ys = smoothed(ys, SMOOTHING_SHARE * len(ys))
        curves.append(Series(xs, ys, role, label, "line", is_named=True))
    for metric in series.drawn("epoch", chart):
        curves.append(Series(*other.test.curve(metric.name), role, "", "points"))
    return tuple(curves)


def marked(curves: Iterable[Series]) -> list[Series]:
    """Return the curves with a character for each colour, for a screen without colours."""
    return [replace(one, mark=_MARKS.get(one.colour, "")) for one in curves]


def _best_test(view: RunView) -> int:
    """Return the index of the lowest test loss among the points of the tests; -1 if unknown."""
    loss = view.test.curve("test_bce")[1]
    if view.config.model == "vae":
        loss = loss + view.test.curve("test_kl")[1]
    known = np.isfinite(loss)
    return int(np.argmin(np.where(known, loss, math.inf))) if known.any() else -1


def chart_title(chart: str, view: RunView) -> str:
    """Return what a chart shows, with its unit."""
    if chart == "reconstruction":
        return f"{RECONSTRUCTION_TERMS[view.config.reconstruction].label} nats/image"
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


def cut_off(curves: Iterable[Series], window: tuple[float, float] | None) -> list[Series]:
    """Return the curves; the labels of those that go on beyond the window name its end."""
    if window is None:
        return list(curves)
    end = window[1]
    return [
        replace(one, label=f"{one.label} @{position_text(end)}")
        if one.label and len(xs := np.asarray(one.xs)) and xs[-1] > end
        else one
        for one in curves
    ]


def change_marks(view: RunView, *, unicode: bool) -> list[tuple[float, str]]:
    """Return the epoch of each changed setting, and what changed, such as ``β 1→4``."""
    if view.started is None:
        return []
    arrow, names = ("→", {"beta": "β"}) if unicode else (">", {})
    return [
        (view.epoch_of(one.step), f"{names.get(one.name, one.name)} {one.old:g}{arrow}{one.new:g}")
        for one in view.setting_changes
    ]


def smoothed(values: Column, span: float) -> Column:
    """Return the mean of about ``span`` values around each one; those not finite stay.

    Centred, so that it does not lag. Near the first value, where losses change quickly, the span is
    a share of the values before; near the last one only the values before are complete.
    """
    count = len(values)
    places = np.arange(count)
    half = np.minimum(int(span / 2), (places * EARLY_SPAN / 2).astype(int))
    first, end = places - half, np.minimum(places + half, count - 1) + 1
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
    if view.diverged is None:
        return xs, ys
    return np.append(xs, newest_epoch(view)), np.append(ys, math.nan)
