"""The palette's entries that stand for colours."""

import colorsys
import itertools
import os
import subprocess
import sys

import pytest
from rich.color import Color

from vae_tui.terminal.nearest_entry import nearest_entry

COLOURS = {number: tuple(Color.from_ansi(number).get_truecolor()) for number in range(16, 256)}
SOME = list(itertools.product(range(0, 256, 15), repeat=3))


def hue_distance(one, other) -> float:
    """Return how far apart two hues are, 0 to 180 degrees."""
    hues = [colorsys.rgb_to_hls(*(level / 255 for level in colour))[0] for colour in (one, other)]
    apart = abs(hues[0] - hues[1]) % 1
    return 360 * min(apart, 1 - apart)


def test_an_entry_is_nearest_to_itself():
    for colour in COLOURS.values():
        assert COLOURS[nearest_entry(*colour)] == colour


def test_a_grey_becomes_the_grey_of_the_nearest_level():
    levels = sorted({red for red, green, blue in COLOURS.values() if red == green == blue})
    for level in range(256):
        red, green, blue = COLOURS[nearest_entry(level, level, level)]
        assert red == green == blue
        assert abs(red - level) == min(abs(other - level) for other in levels)


def test_no_other_entry_is_much_nearer_in_red_green_and_blue():
    for colour in SOME:
        apart = sum(
            (a - b) ** 2 for a, b in zip(colour, COLOURS[nearest_entry(*colour)], strict=True)
        )
        least = min(
            sum((a - b) ** 2 for a, b in zip(colour, other, strict=True))
            for other in COLOURS.values()
        )
        assert apart**0.5 <= least**0.5 + 60, colour


@pytest.mark.parametrize("full", [(0, 95, 175), (0, 175, 255), (135, 95, 0), (175, 0, 0)])
@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255)])
def test_a_colour_that_fades_keeps_its_hue_or_becomes_grey(full, ground):
    for share in range(1, 21):
        blend = [round(g + (f - g) * share / 20) for f, g in zip(full, ground, strict=True)]
        shown = COLOURS[nearest_entry(*blend)]
        assert len(set(shown)) == 1 or hue_distance(blend, shown) <= 25, (blend, shown)


@pytest.mark.parametrize(
    ("term", "colorterm", "no_color", "colours", "textual_sends"),
    [
        ("xterm-256color", None, None, "256", "truecolor"),
        ("xterm", None, None, "256", "truecolor"),
        ("xterm", None, "1", "256", "truecolor"),
        ("xterm-256color", "truecolor", None, "truecolor", "truecolor"),
        ("xterm-16color", None, None, "16", "standard"),
    ],
)
def test_textual_sends_truecolor_where_the_driver_maps_it(
    term, colorterm, no_color, colours, textual_sends
):
    given = {"TERM": term, "COLORTERM": colorterm, "NO_COLOR": no_color}
    environment = {**os.environ, **given}
    environment.pop("TEXTUAL_COLOR_SYSTEM", None)
    code = (
        "from vae_tui.terminal.capabilities import prepare; print(prepare());"
        "from textual.app import App; print(App().console.color_system)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [colours, textual_sends]
