import numpy as np
import pytest

from vae_tui.terminal.tiles import is_light_at_border, scale, tile


def test_shrinking_to_half_is_the_mean_of_each_two_by_two():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    means = images.reshape(5, 14, 2, 14, 2).astype(float).mean((2, 4))
    np.testing.assert_array_equal(scale(images, 14), np.floor(means + 0.5))


@pytest.mark.parametrize("size", range(1, 29))
def test_shrinking_keeps_an_even_grey_and_the_mean_brightness(size):
    even = np.full((1, 28, 28), 255, dtype=np.uint8)
    assert (scale(even, size) == 255).all()
    noise = np.random.default_rng(size).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    small = scale(noise, size)
    assert small.shape == (3, size, size)
    assert small.dtype == np.uint8
    assert np.abs(small.mean((1, 2)) - noise.mean((1, 2))).max() < 1


def test_shrinking_by_a_fraction_weighs_pixels_by_the_area_covered():
    image = np.array([[[0, 90, 180]] * 3], dtype=np.uint8)
    # A new pixel covers one and a half old ones: (0 + 90 / 2) / 1.5 and (90 / 2 + 180) / 1.5.
    assert scale(image, 2).tolist() == [[[30, 150], [30, 150]]]


def test_enlarging_repeats_pixels():
    image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2)
    np.testing.assert_array_equal(scale(image, 6)[0], np.kron(image[0], np.ones((3, 3), int)))
    assert scale(image, 2) is image


def test_enlarging_by_a_fraction_weighs_pixels_by_the_area_covered():
    image = np.array([[[0, 90], [0, 90]]], dtype=np.uint8)
    # A new pixel covers two thirds of an old one; the middle one a third of both.
    assert scale(image, 3)[0].tolist() == [[0, 45, 90]] * 3


def test_shrinking_to_nothing_is_nothing():
    assert scale(np.zeros((2, 28, 28), dtype=np.uint8), 0).shape == (2, 0, 0)


def test_tiles_fill_rows_from_the_left_and_missing_ones_are_black():
    images = np.arange(1, 4, dtype=np.uint8)[:, None, None] * np.ones((3, 2, 2), dtype=np.uint8)
    assert tile(images, 2).tolist() == [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
        [3, 3, 0, 0],
        [3, 3, 0, 0],
    ]
    assert tile(images[:0], 2).shape == (0, 4)


def test_between_tiles_is_a_black_gutter():
    images = np.full((3, 1, 2), 9, np.uint8)
    assert tile(images, 2, gap=1).tolist() == [
        [9, 9, 0, 9, 9],
        [0, 0, 0, 0, 0],
        [9, 9, 0, 0, 0],
    ]
    colour = np.full((3, 4, 4, 3), 9, np.uint8)
    assert tile(colour, 3, gap=2).shape == (4, 16, 3)
    assert tile(images[:0], 2, gap=1).shape[0] == 0


@pytest.mark.parametrize(("border", "middle", "is_light"),
                         [(255, 0, True), (0, 255, False), (128, 255, False)])  # fmt: skip
def test_only_the_border_says_whether_images_are_light(border, middle, is_light):
    images = np.full((4, 9, 9), border, np.uint8)
    images[:, 1:-1, 1:-1] = middle
    assert is_light_at_border(images) is is_light
    assert is_light_at_border(np.stack([images] * 3, axis=3)) is is_light
    assert not is_light_at_border(images[:0])
