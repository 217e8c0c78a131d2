"""Strokes of the pen, and centring."""

import numpy as np
import pytest

from vae_tui.latent.drawing import canvas, centred, stroke

BLANK = np.zeros((28, 28), np.uint8)


def test_a_stroke_is_white_within_its_core_and_fades_to_black_at_its_edge():
    image = stroke(BLANK, (4.5, 14.5), (20.5, 14.5))
    column = image[:, 12]  # the distance of a row's middle is a whole number
    assert column[14] == 255
    assert column[13] == column[15] == round(255 * 0.7)  # (1.7 - 1) / (1.7 - 0.7)
    assert not column[:13].any()
    assert not column[16:].any()


@pytest.mark.parametrize("seed", range(4))
def test_the_ink_of_a_stroke_depends_on_the_distance_to_its_nearest_point(seed):
    start, end = np.random.default_rng(seed).uniform(4, 24, (2, 2))
    image = stroke(BLANK, tuple(start), tuple(end))
    dense = start + np.linspace(0, 1, 4001)[:, None] * (end - start)
    for y, x in np.ndindex(28, 28):
        distance = np.sqrt(((dense - (x + 0.5, y + 0.5)) ** 2).sum(1)).min()
        assert image[y, x] == pytest.approx(255 * np.clip(1.7 - distance, 0, 1), abs=1)


def test_a_drawing_has_about_as_much_ink_and_grey_as_mnist():
    image = BLANK
    for start, end in (((9, 6), (19, 6)), ((19, 6), (12, 22))):  # a seven
        image = stroke(image, start, end)
    assert 0.08 < (image > 0).mean() < 0.25  # MNIST's test images: 0.18 on average
    assert (image == 255).any()
    assert ((image > 0) & (image < 255)).any()


def test_a_stroke_over_another_never_darkens_it_and_the_eraser_undoes_it():
    first = stroke(BLANK, (4, 4), (24, 24))
    both = stroke(first, (24, 4), (4, 24))
    assert (both >= first).all()
    assert not stroke(first, (4, 4), (24, 24), is_black=True).max() > 128


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("ground", [0, 255])
def test_the_canvas_has_the_ground_of_most_images(channels, ground):
    images = np.full((5, 8, 8, *channels), ground, np.uint8)
    images[:, 2:6, 2:6] = 255 - ground  # something in the middle
    images[0] = 255 - ground
    empty = canvas(images)
    assert empty.shape == (8, 8, *channels)
    assert (empty == ground).all()


def test_a_black_stroke_on_white_is_the_negative_of_a_white_one_on_black():
    ends = (3.5, 5.5), (20.5, 14.5)
    black = stroke(255 - BLANK, *ends, is_black=True)
    np.testing.assert_array_equal(255 - black, stroke(BLANK, *ends))


def test_the_pen_is_as_wide_relative_to_larger_images():
    image = stroke(np.zeros((64, 64), np.uint8), (0, 32), (64, 32))
    assert image.mean() / 255 == pytest.approx(2.4 / 28, rel=0.1)


@pytest.mark.parametrize("y", [3.5, 4.0, 4.3])
def test_in_small_images_a_stroke_has_no_gaps(y):
    image = stroke(np.zeros((8, 8), np.uint8), (0, y), (8, y))
    assert (image.max(0) > 200).all()


def test_a_centred_image_has_its_centre_of_mass_in_the_middle():
    image = stroke(BLANK, (3, 5), (9, 12))
    moved, (x, y) = centred(image)
    assert moved.sum(dtype=int) == image.sum(dtype=int)
    rows, columns = np.mgrid[:28, :28]
    weights = moved / moved.sum()
    # The mean over MNIST's test images is (14.0, 14.0), counted from the middle of pixel (0, 0).
    assert (weights * columns).sum() == pytest.approx(14, abs=0.51)
    assert (weights * rows).sum() == pytest.approx(14, abs=0.51)
    np.testing.assert_array_equal(moved, np.roll(image, (y, x), (0, 1)))


def test_nothing_drawn_is_not_moved():
    image, moved = centred(BLANK)
    assert moved == (0, 0)
    assert not image.any()
