"""Axes of a chart: ranges, ticks and short numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

LARGEST = 1e300
"""Values are clipped to this, so that no difference of two overflows."""
_THINNEST = 1e-200
"""A thinner range is treated as a single value: its tick step would underflow."""
_START_SHARE, _SQUASHED_BY_START = 1 / 8, 1 / 4
"""The first eighth of x is clipped where the rest would take less than a quarter of the height."""
_SQUASHED_BY_SPIKES, _SQUASHED_BY_EXPLOSION = 1 / 12, 1 / 1000
"""The highest or lowest 5 % are clipped where the rest would take less than this share of the
height: in a close-up, and in a chart of the whole run."""
_PLACES = 64
"""Of the x axis: all values of one together weigh as much as those of another."""
_NEAR = 1 / 4
"""In a close-up, a level at most this share of the data's range outside it widens the range."""


@dataclass(frozen=True, slots=True)
class Range:
    """A non-empty interval of an axis."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def share(self, values: Doubles) -> Doubles:
        """Return how far along the range ``values`` lie: 0 at the low end, 1 at the high end."""
        with np.errstate(over="ignore"):  # infinity is outside as well
            shares: Doubles = (values - self.low) / (self.high - self.low)
        return shares


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled position on an axis."""

    position: float
    label: str


def limits_worth_showing(xs: Doubles, ys: Doubles, *, close_up: bool) -> tuple[float, float]:
    """Return the lowest and highest y to show: of all points, unless a few squash the others.

    All are finite, and ``xs`` are sorted. ``close_up`` may also leave out the first eighth.
    """
    low, high = float(ys.min()), float(ys.max())
    later = ys[:0] if not close_up else ys[xs > xs[0] + (xs[-1] - xs[0]) * _START_SHARE]
    if len(later) > 1:
        body_low, body_high = float(later.min()), float(later.max())
        low, high = _without_outliers(low, high, body_low, body_high, _SQUASHED_BY_START)
    body_low, body_high = _body(xs, ys)
    share = _SQUASHED_BY_SPIKES if close_up else _SQUASHED_BY_EXPLOSION
    return _without_outliers(low, high, body_low, body_high, share)


def _body(xs: Doubles, ys: Doubles) -> tuple[float, float]:
    """Return the 5 % and 95 % quantiles of ``ys``, with the weight that each has along the axis."""
    places = np.zeros(len(xs), int)
    if xs[-1] > xs[0]:
        places = ((xs - xs[0]) / (xs[-1] - xs[0]) * (_PLACES - 1)).astype(int)
    weights = 1.0 / np.bincount(places)[places]
    order = np.argsort(ys, kind="stable")
    shares = np.cumsum(weights[order]) - weights[order] / 2
    low, high = np.searchsorted(shares, (0.05 * weights.sum(), 0.95 * weights.sum()))
    return float(ys[order[low]]), float(ys[order[min(high, len(ys) - 1)]])


def _without_outliers(
    low: float, high: float, body_low: float, body_high: float, share: float
) -> tuple[float, float]:
    """Cut each side that leaves the body less than ``share`` of the range."""
    if body_high <= body_low:  # a constant body has no scale
        return low, high
    squashed_above = body_high - body_low < share * (high - body_low)
    squashed_below = body_high - body_low < share * (body_high - low)
    return (body_low if squashed_below else low), (body_high if squashed_above else high)


def range_with_levels(low: float, high: float, levels: Sequence[float], *, close_up: bool) -> Range:
    """Return a rounded range around the data and all levels; in a close-up those near the data."""
    data = rounded_range(low, high)
    reach = (high - low) * _NEAR if close_up else math.inf
    near = [level for level in levels if low - reach <= level <= high + reach]
    near = [level for level in near if math.isfinite(level)]
    return Range(min([data.low, *near]), max([data.high, *near]))


def rounded_range(low: float, high: float) -> Range:
    """Return a non-empty range that ends on round numbers, so that it rarely changes."""
    largest = max(abs(low), abs(high))
    if high - low <= max(largest * 1e-9, _THINNEST):
        pad = largest * 0.1 if largest > _THINNEST else 1.0
        return Range(low - pad, high + pad)
    step = nice_step((high - low) / 16)
    return Range(math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step)


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below ``least`` (> 0)."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((f * power for f in (1, 2, 5) if f * power >= least * (1 - 1e-9)), 10 * power)


def rounded_up(value: float) -> float:
    """Return a round number that is at least ``value`` (> 0), and less than 1.34 times as much."""
    power = 10.0 ** math.floor(math.log10(value))
    rounds = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    return next((f * power for f in rounds if f * power >= value * (1 - 1e-9)), 10 * power)


def linear_ticks(shown: Range, most: int) -> tuple[Tick, ...]:
    """Return ticks on multiples of a nice step: about ``most``, at least two where floats allow."""
    span = shown.high - shown.low
    for count in (most, 2 * most, 4 * most):
        step = nice_step(span / count)
        first, last = math.ceil(shown.low / step - 1e-6), math.floor(shown.high / step + 1e-6)
        if 1 <= last - first <= 2 * count:
            return tuple(
                Tick(index * step, _tick_label(index * step, step))
                for index in range(first, last + 1)
            )
    return ()


def log_ticks(shown: Range, most: int) -> tuple[Tick, ...]:
    """Return ticks for a range of base-10 logarithms, labelled with the values.

    Powers of ten if they are enough, else 1, 2 and 5 times them, else multiples of a nice step.
    """
    decades = range(max(math.floor(shown.low), -307), min(math.ceil(shown.high), 307) + 1)
    for factors in ((1,), (1, 2, 5)):
        places = [decade + math.log10(factor) for decade in decades for factor in factors]
        places = [place for place in places if place in shown]
        if len(places) > most and factors == (1,):
            places = places[:: math.ceil(len(places) / most)]
        if min(most, 3) <= len(places) <= most + 2:
            return tuple(Tick(place, _power_label(10.0**place)) for place in places)
    if shown.high - shown.low > 2 or shown.high > 300 or shown.low < -300:
        return tuple(
            Tick(tick.position, _power_label(10.0**tick.position))
            for tick in linear_ticks(shown, most)
            if -308 < tick.position < 308
        )
    values = linear_ticks(Range(10.0**shown.low, 10.0**shown.high), most)
    return tuple(
        Tick(math.log10(float(tick.position)), tick.label) for tick in values if tick.position > 0
    )


def short_number(value: float) -> str:
    """Return ``value`` in about four characters: 544.2, 92.1, 3.14, 0.042, 1e+30, nan."""
    size = abs(value)
    if not math.isfinite(value):
        return str(value)
    if size == 0:
        return "0"
    if size >= 1e5 or size < 1e-3:
        return f"{value:.2g}"
    decimals = 0 if size >= 1e4 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:.{decimals}f}"


def position_text(x: float) -> str:
    """Return a position on the x axis in a few digits: 0.043, 27.3, 14100, 1.2e+06."""
    return f"{x:.0f}" if 100 <= abs(x) < 1e6 else f"{x:.3g}"


def _tick_label(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(value) < step / 2:
        return "0"
    if abs(value) >= 1e6 or decimals > 4:
        digits = math.floor(math.log10(abs(value)) + 1e-9) - math.floor(math.log10(step) + 1e-9)
        return f"{value:.{digits + 1}g}"
    return f"{value:.{decimals}f}"


def _power_label(value: float) -> str:
    return f"{value:.6g}" if 1e-3 <= value < 1e5 else f"{value:.2g}"
