"""The entry of the 256-colour palette that looks most like a colour.

Rich's own rule takes any colour of little saturation for a grey and rounds the three channels of
the others one by one, which changes hues: light blues become lavender, dark greys one step darker.
"""

from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # the first paint does without numpy
    import numpy as np
    from numpy.typing import NDArray

_LEVELS = (0, 95, 135, 175, 215, 255)
"""Of each channel of the colour cube."""
_FIRST, _FIRST_GREY = 16, 232
HUE_WEIGHT = 2.0
"""Differences of hue and saturation count as much as differences of lightness this many times as
large: a gradient of one hue then stays in that hue."""

Triple = tuple[float, float, float]
Value = TypeVar("Value", float, "NDArray[np.float64]")


@lru_cache(maxsize=4096)
def nearest_entry(red: int, green: int, blue: int) -> int:
    """Return the number of the entry, 16 to 255: the first 16 look different in each terminal.

    The distance is Euclidean in Oklab, with `HUE_WEIGHT`. Greys become greys.
    """
    exact = entries_by_colour().get((red, green, blue))
    if exact is not None:
        return exact
    if red == green == blue:
        entries = entries_by_colour().items()
        greys = ((abs(red - one[0]), number) for one, number in entries if len(set(one)) == 1)
        return min(greys)[1]
    lightness, a, b = oklab(linear(red), linear(green), linear(blue))
    return min(
        (
            (lightness - other[0]) ** 2
            + HUE_WEIGHT**2 * ((a - other[1]) ** 2 + (b - other[2]) ** 2),
            number,
        )
        for number, other in entries_in_oklab()
    )[1]


@cache
def entries_by_colour() -> dict[tuple[int, int, int], int]:
    """Return the number of the entry of each colour of the palette, without the first 16."""
    cube = [(red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS]
    greys = [(level, level, level) for level in range(8, 239, 10)]
    return {colour: number for number, colour in enumerate([*cube, *greys], _FIRST)}


@cache
def entries_in_oklab() -> tuple[tuple[int, Triple], ...]:
    """Return number and `oklab` of each entry."""
    return tuple(
        (number, oklab(*map(linear, colour))) for colour, number in entries_by_colour().items()
    )


def linear(value: int) -> float:
    """Return the light, 0 to 1, of a channel's value, 0 to 255."""
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def oklab(red: Value, green: Value, blue: Value) -> tuple[Value, Value, Value]:
    """Return lightness (0 to 1) and two axes of hue, of the light of each channel as `linear`.

    Source: B. Ottosson, "A perceptual color space for image processing", 2020.
    """
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
