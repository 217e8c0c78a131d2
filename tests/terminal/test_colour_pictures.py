"""RGB pictures in half-blocks: against the pixels, and against Rich's table of the palette."""

import io

import numpy as np
import pytest
from rich.color import Color
from rich.console import Console
from rich.segment import Segments

from vae_tui.terminal.half_blocks import PICTURE_BYTES, Palette, half_blocks, side_by_side
from vae_tui.terminal.nearest_entry import nearest_entry
from vae_tui.terminal.tiles import scale, tile
from vae_tui.tui.link.screen_diff import ScreenDiff

COLOURED = [Palette.TRUECOLOR, Palette.COLOURS_256]


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photo(side: int) -> np.ndarray:
    """Return a picture with a gradient, an edge and a little noise, as a photo has."""
    rows, columns = np.mgrid[:side, :side] / side
    smooth = np.stack([rows, columns, (rows + columns) / 2], axis=2) * 200 + 20
    smooth[np.hypot(rows - 0.5, columns - 0.5) < 0.3] = (230, 190, 60)
    return (smooth + np.random.default_rng(1).normal(0, 4, smooth.shape)).clip(0, 255).astype("u1")


def read_back(picture: np.ndarray, palette: Palette) -> np.ndarray:
    """Return the picture (2 * rows, width, 3) that the cells show."""
    rows = []
    for row in half_blocks(picture, palette):
        upper, lower = [], []
        for text, style, _ in row:
            below = style.bgcolor.get_truecolor()
            above = below if text.isspace() else style.color.get_truecolor()
            upper += [above] * len(text)
            lower += [below] * len(text)
        rows += [upper, lower]
    return np.array(rows)


def test_truecolor_is_off_by_at_most_half_of_one_of_32_levels():
    picture = noise(10, 13)
    error = np.abs(read_back(picture, Palette.TRUECOLOR) - picture.astype(int))
    assert error.max() <= 5
    extremes = np.array([[[0, 0, 0], [255, 255, 255]]] * 2, np.uint8)
    np.testing.assert_array_equal(read_back(extremes, Palette.TRUECOLOR), extremes)


def test_256_colours_are_the_entries_that_look_most_like_the_pixels():
    picture = noise(10, 13)
    # Reduced to 32 levels first; there the entries are compared with one of them at a time.
    levels = np.rint(np.rint(picture / 255 * 31) * 255 / 31).astype(int)
    entries = [nearest_entry(*pixel) for pixel in levels.reshape(-1, 3).tolist()]
    nearest = np.array([Color.from_ansi(entry).get_truecolor() for entry in entries])
    shown = read_back(picture, Palette.COLOURS_256)
    np.testing.assert_array_equal(shown, nearest.reshape(shown.shape))


@pytest.mark.parametrize("palette", COLOURED)
def test_greys_of_a_colour_picture_stay_grey(palette):
    greys = np.arange(0, 256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    shown = read_back(greys, palette)
    assert (shown.max(2) == shown.min(2)).all()
    assert np.abs(shown - greys.astype(int)).max() <= 13  # half a step of 256 colours' greys, and 4


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
def test_without_colours_a_picture_has_the_shades_of_its_brightness(palette):
    colours = np.array([[(0, 0, 0), (0, 0, 255), (255, 0, 0), (0, 255, 0), (255, 255, 255)]] * 2)
    brightness = np.array([[0, 29, 76, 150, 255]] * 2, np.uint8)  # of ITU-R BT.601
    assert half_blocks(colours.astype("u1"), palette) == half_blocks(brightness, palette)


@pytest.mark.parametrize("palette", Palette)
@pytest.mark.parametrize(("height", "width"), [(0, 5), (1, 1), (3, 0), (7, 3), (64, 64)])
def test_rows_are_half_as_many_and_as_wide_as_the_picture(palette, height, width):
    rows = half_blocks(noise(height, width), palette)
    assert [sum(len(text) for text, *_ in row) for row in rows] == [width] * (-(-height // 2))


@pytest.mark.parametrize("palette", COLOURED)
def test_equal_cells_are_one_segment(palette):
    picture = np.zeros((8, 20, 3), np.uint8)
    picture[:, 10:] = 200, 30, 40
    assert [[len(text) for text, *_ in row] for row in half_blocks(picture, palette)] == [
        [10, 10]
    ] * 4


def test_rich_prints_the_palettes_numbers_that_were_chosen():
    picture = noise(2, 40)
    (row,) = half_blocks(picture, Palette.COLOURS_256)
    console = Console(file=io.StringIO(), color_system="256", force_terminal=True, width=80)
    console.print(Segments(row), end="")
    text = console.file.getvalue()
    numbers = {style.bgcolor.number for _, style, _ in row}
    assert all(f"48;5;{number}" in text for number in numbers)
    assert "8;2;" not in text


@pytest.mark.parametrize("name", ["photo", "noise"])
@pytest.mark.parametrize(("palette", "colours"), [(Palette.TRUECOLOR, "truecolor"),
                                                  (Palette.COLOURS_256, "256")])  # fmt: skip
def test_a_picture_of_32x32_takes_no_more_bytes_than_stated(name, palette, colours):
    picture = photo(32) if name == "photo" else noise(32, 32)
    diff = ScreenDiff(has_truecolor=colours == "truecolor")
    console = Console(file=io.StringIO(), color_system=colours, force_terminal=True, width=80)
    for y, row in enumerate(half_blocks(picture, palette)):
        with console.capture() as capture:
            console.print(Segments(row), end="")
        assert diff.update(f"\x1b[{y + 1};1H{capture.get()}")
    sent = len(diff.changes().encode())
    assert sent <= PICTURE_BYTES[palette]
    assert name == "photo" or sent > PICTURE_BYTES[palette] / 2  # not stated to be safe


def test_scaling_and_tiling_treat_each_channel_as_a_grey_picture():
    images = np.stack([noise(12, 12, seed) for seed in range(5)])
    for width in (5, 8, 12, 17, 24):
        shown = scale(images, width)
        assert shown.shape == (5, width, width, 3)
        for channel in range(3):
            np.testing.assert_array_equal(shown[..., channel], scale(images[..., channel], width))
    shown = tile(images, 2)
    for channel in range(3):
        np.testing.assert_array_equal(shown[..., channel], tile(images[..., channel], 2))


def test_pictures_side_by_side_are_those_drawn_alone():
    pictures = np.stack([noise(6, 5, seed) for seed in range(3)])
    rows = side_by_side(pictures, 2, Palette.TRUECOLOR)
    alone = [half_blocks(picture, Palette.TRUECOLOR) for picture in pictures]
    for row, *pieces in zip(rows, *alone, strict=True):
        assert [one for one in row if one.style] == [one for piece in pieces for one in piece]
