"""Paths as terminals paste them, and the score of an image file."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.fake_networks import probe, random_network
from support.run_events import CONFIG

from vae_tui.errors import UsageError
from vae_tui.image_shape import ImageShape
from vae_tui.latent.scores import energies, score
from vae_tui.tui.state.own_image import dropped_path, score_image
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.state.scene import Scene

NETWORK = random_network(540)


def scene(**config):
    return Scene(RunView("one", dataclasses.replace(CONFIG, **config)), NETWORK, probe())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/a/b.png", "/a/b.png"),
        ("  /a/b.png \n", "/a/b.png"),
        ("'/a/my b.png' ", "/a/my b.png"),
        ('"/a/my b.png"', "/a/my b.png"),
        (r"/a/my\ b\(1\).png", "/a/my b(1).png"),
        ("/a/my b.png", "/a/my b.png"),
        ("file:///a/my%20b.png", "/a/my b.png"),
        ("'file:///a/b.png'", "/a/b.png"),
        ("file://host/a/b.png\r\nfile:///c.png", "/a/b.png"),
        ("'/a/b 1.png' '/a/c.png'", "/a/b 1.png"),
        (r"'/a/it'\''s.png'", "/a/it's.png"),
        ("/a/it's.png", "/a/it's.png"),
        ("~/b.png", str(Path("~/b.png").expanduser())),
        ("b.png", "b.png"),
        ("", "."),
        ("\n\n", "."),
    ],
)
def test_the_path_is_found_in_what_a_terminal_pastes(text, path):
    assert dropped_path(text) == Path(path)


def test_a_test_image_in_a_file_has_the_scores_and_the_percentile_of_that_image(tmp_path):
    known = energies(NETWORK, probe().images, "bce")
    for index in (int(known.argmin()), int(known.argmax())):
        path = tmp_path / f"image {index}.png"
        Image.fromarray(probe().images[index]).save(path)
        found = score_image(str(path), scene())
        expected = score(NETWORK, probe().images[index][None], "bce")
        np.testing.assert_array_equal(found.image, probe().images[index])
        assert found.loss == pytest.approx(expected.loss[0], rel=1e-5)
        assert found.kl == pytest.approx(expected.kl[0], rel=1e-5)
        assert found.inference.energy == pytest.approx(expected.energy[0], rel=1e-4)
        smaller = (known < known[index]).sum()
        assert found.percentile == pytest.approx(100 * smaller / len(known), abs=0.1)
        assert found.step == 540
        assert f"image {index}.png · energy" in found.origin


def test_any_size_and_format_is_converted_to_the_images_of_the_run(tmp_path):
    large = np.kron(probe().images[3], np.ones((4, 4), np.uint8))
    Image.fromarray(np.pad(large, ((0, 0), (30, 30)))).convert("RGB").save(tmp_path / "a.bmp")
    found = score_image(str(tmp_path / "a.bmp"), scene())
    np.testing.assert_array_equal(found.image, probe().images[3])


def test_a_name_that_was_typed_wins_over_what_its_quotes_mean(tmp_path):
    path = tmp_path / "a 'b' c.png"
    Image.fromarray(probe().images[0]).save(path)
    np.testing.assert_array_equal(score_image(str(path), scene()).image, probe().images[0])


def test_the_name_of_a_file_is_no_markup_and_cannot_control_the_terminal(tmp_path):
    path = tmp_path / "[red]a\x1b[2J.png"
    Image.fromarray(probe().images[0]).save(path)
    assert score_image(str(path), scene()).origin.startswith("(red)a?(2J.png · ")


def broken(folder):
    path = folder / "broken.png"
    Image.fromarray(probe().images[0]).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def text(folder):
    (folder / "a.txt").write_text("no image")
    return folder / "a.txt"


def pipe(folder):
    os.mkfifo(folder / "pipe.png")
    return folder / "pipe.png"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: folder / "nothing.png", "nothing.png: not found"),
        (lambda folder: folder, "not a file"),
        (pipe, "pipe.png: not a file"),
        (text, "a.txt: not an image that can be read"),
        (broken, "broken.png: damaged"),
        (lambda folder: folder / ("a" * 300), "File name too long"),
        (lambda folder: "a\0b.png", ""),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, make, why):
    with pytest.raises(UsageError) as error:
        score_image(str(make(tmp_path)), scene())
    message = str(error.value)
    assert why in message
    assert "\n" not in message
    assert message.isprintable()


def test_the_images_of_a_colour_run_keep_their_colours(tmp_path):
    shape = ImageShape(16, 16, 3)
    network = random_network(540, shape=shape)
    colours = np.random.default_rng(1).integers(0, 256, shape.array, dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    run = RunView("one", dataclasses.replace(CONFIG, image_shape=shape))
    found = score_image(str(tmp_path / "a.png"), Scene(run, network, probe(shape=shape)))
    np.testing.assert_array_equal(found.image, colours)
