"""Pixels against the pixels themselves: strips read back, means computed the plain way."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rich.color import Color, ColorSystem
from rich.segment import Segment
from textual.strip import Strip

from vae_tui.terminal.half_blocks import (
    GREY_LEVELS,
    LEVEL_OF_GREY,
    Palette,
    half_blocks,
    side_by_side,
)

PICTURES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 20)))


def strips(picture: np.ndarray, palette: Palette = Palette.COLOURS_256) -> list[Strip]:
    """Return the rows with what Textual's strips offer for comparing them."""
    return [Strip(row) for row in half_blocks(picture, palette)]


def palette_grey(colour: Color | None) -> int:
    """Return the grey a 256-colour terminal shows for a colour."""
    assert colour is not None
    number = colour.downgrade(ColorSystem.EIGHT_BIT).number
    assert number is not None
    return {16: 0, 231: 255}.get(number, 8 + 10 * (number - 232))


def segment_greys(segment: Segment) -> list[tuple[int, int]]:
    """Return the (upper, lower) greys of each cell."""
    assert segment.style is not None
    lower = palette_grey(segment.style.bgcolor)
    upper = lower if segment.text.isspace() else palette_grey(segment.style.color)
    return [(upper, lower)] * len(segment.text)


def read_back(shown: list[Strip]) -> np.ndarray:
    """Return the picture (2 * rows, width) that a 256-colour terminal shows."""
    rows = []
    for strip in shown:
        cells = [cell for segment in strip for cell in segment_greys(segment)]
        rows += [[upper for upper, _ in cells], [lower for _, lower in cells]]
    return np.array(rows, dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(PICTURES)
def test_a_256_colour_terminal_shows_exactly_the_quantised_picture(picture):
    shown = read_back(strips(picture))
    height = len(picture)
    np.testing.assert_array_equal(shown[:height], GREY_LEVELS[LEVEL_OF_GREY[picture]])
    assert not shown[height:].any()


def test_a_truecolor_terminal_is_off_by_at_most_two_from_the_palettes_grey():
    for level, grey in enumerate(GREY_LEVELS.tolist()):
        raw = int(np.flatnonzero(level == LEVEL_OF_GREY)[-1])
        (strip,) = strips(np.full((2, 1), raw, dtype=np.uint8))
        (segment,) = strip
        assert segment.style is not None
        assert segment.style.bgcolor is not None
        red, green, blue = segment.style.bgcolor.get_truecolor()
        assert red == green == blue
        assert grey <= red <= grey + 2


def test_no_grey_is_drawn_further_than_the_dead_zone_from_itself():
    greys = np.arange(256)
    error = np.abs(GREY_LEVELS[LEVEL_OF_GREY].astype(int) - greys)
    assert error[:12].tolist() == list(range(12))
    assert error[12:].max() == 8  # half of the gap between 238 and white
    assert error[12:239].max() == 5


def test_brighter_pixels_are_never_drawn_darker():
    assert (np.diff(LEVEL_OF_GREY.astype(int)) >= 0).all()


def test_a_small_picture_in_half_blocks():
    picture = np.array([[0, 0, 255, 255], [0, 0, 0, 255], [128, 128, 128, 0]], dtype=np.uint8)
    first, second = strips(picture)
    assert first.text == "  ▀ "
    assert second.text == "▀▀▀ "
    assert [segment.text for segment in second] == ["▀▀▀", " "]


def test_a_small_picture_in_shades_and_in_ascii():
    ramp = np.linspace(0, 255, 10).round().astype(np.uint8)
    picture = np.stack([ramp, ramp])
    assert [strip.text for strip in strips(picture, Palette.SHADES)] == ["  ░░▒▒▓▓██"]
    assert [strip.text for strip in strips(picture, Palette.ASCII)] == [" .:-=+*#%@"]


def test_an_edge_within_a_cell_is_kept_without_colours():
    picture = np.array([[255, 0, 130, 70, 255], [0, 255, 0, 70, 200]], dtype=np.uint8)
    assert [strip.text for strip in strips(picture, Palette.SHADES)] == ["▀▄▀░█"]
    assert [strip.text for strip in strips(picture, Palette.ASCII)] == ['"o":%']


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
def test_palettes_for_few_colours_send_no_colours(palette):
    shown = strips(np.arange(100, dtype=np.uint8).reshape(10, 10), palette)
    assert all(segment.style is None for strip in shown for segment in strip)


def test_ascii_is_ascii():
    everything = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert all(strip.text.isascii() for strip in strips(everything, Palette.ASCII))


def test_a_black_picture_is_one_segment_a_row():
    shown = strips(np.zeros((56, 224), dtype=np.uint8))
    assert [len(list(strip)) for strip in shown] == [1] * 28


@settings(max_examples=60, deadline=None)
@given(PICTURES)
def test_neighbouring_segments_always_differ(picture):
    for strip in strips(picture):
        looks = [(segment.text[0], segment.style) for segment in strip]
        assert all(one != next_one for one, next_one in pairwise(looks))


@pytest.mark.parametrize("palette", Palette)
@pytest.mark.parametrize(("height", "width"), [(0, 5), (1, 1), (3, 0), (7, 3), (0, 0), (2, 100)])
def test_strips_are_half_as_many_as_rows_and_as_wide_as_the_picture(palette, height, width):
    shown = strips(np.zeros((height, width), dtype=np.uint8), palette)
    assert len(shown) == (height + 1) // 2
    for strip in shown:
        assert strip.cell_length == width
        assert len(strip.text) == width


def test_pictures_side_by_side_are_those_drawn_alone_with_a_gap_of_no_style():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 6, 5), dtype=np.uint8)
    rows = side_by_side(pictures, 2)
    assert len(rows) == 3
    alone = [half_blocks(picture) for picture in pictures]
    for y, row in enumerate(rows):
        gap = Segment("  ")
        assert row == [*alone[0][y], gap, *alone[1][y], gap, *alone[2][y]]
    assert side_by_side(pictures[:0], 2) == []
