"""The entry of the 256-colour palette that looks most like a colour.

Rich's own rule takes any colour of little saturation for a grey and rounds the three channels of
the others one by one, which changes hues: light blues become lavender, dark greys one step darker.
"""

from functools import cache, lru_cache

_LEVELS = (0, 95, 135, 175, 215, 255)
"""Of each channel of the colour cube."""
_FIRST, _FIRST_GREY = 16, 232
_HUE_WEIGHT = 2.0
"""Differences of hue and saturation count as much as differences of lightness this many times as
large: a gradient of one hue then stays in that hue."""

Triple = tuple[float, float, float]


@lru_cache(maxsize=4096)
def nearest_entry(red: int, green: int, blue: int) -> int:
    """Return the number of the entry, 16 to 255: the first 16 look different in each terminal.

    The distance is Euclidean in Oklab, with `_HUE_WEIGHT`. Greys become greys.
    """
    exact = _entries().get((red, green, blue))
    if exact is not None:
        return exact
    if red == green == blue:
        greys = ((abs(red - one[0]), number) for one, number in _entries().items() if _is_grey(one))
        return min(greys)[1]
    lightness, a, b = _oklab(red, green, blue)
    return min(
        (
            (lightness - other[0]) ** 2
            + _HUE_WEIGHT**2 * ((a - other[1]) ** 2 + (b - other[2]) ** 2),
            number,
        )
        for number, other in _entries_in_oklab()
    )[1]


@cache
def _entries() -> dict[tuple[int, int, int], int]:
    cube = [(red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS]
    greys = [(level, level, level) for level in range(8, 239, 10)]
    return {colour: number for number, colour in enumerate([*cube, *greys], _FIRST)}


@cache
def _entries_in_oklab() -> tuple[tuple[int, Triple], ...]:
    return tuple((number, _oklab(*colour)) for colour, number in _entries().items())


def _is_grey(colour: tuple[int, int, int]) -> bool:
    return len(set(colour)) == 1


def _oklab(red: int, green: int, blue: int) -> Triple:
    """Return lightness (0 to 1) and two axes of hue.

    Source: B. Ottosson, "A perceptual color space for image processing", 2020.
    """
    r, g, b = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (red / 255, green / 255, blue / 255)
    )
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
