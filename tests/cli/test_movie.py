"""``vae-tui movie``: each frame is what the weights of its step draw."""

import io

import numpy as np
import pytest
from PIL import Image
from support.explored_runs import KEPT, called, called_once, explored_run
from support.loaded_modules import modules_after_command

from vae_tui.export.movie_file import Scene, digits_picture, map_pictures, movie
from vae_tui.latent.codes import samples
from vae_tui.latent.morph import choose_ends, morph
from vae_tui.model.network_at_step import network_at
from vae_tui.model.probe import load_probe
from vae_tui.terminal.class_colours import class_colour

GREY_ERROR = 255 / 19
"""The GIF has 20 levels of grey."""


def frames(path):
    with Image.open(path) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            yield np.asarray(gif.convert("L"), float), gif.info["duration"]


def assert_shown(frame, images, columns):
    """Assert that a frame holds the images, enlarged, in rows below its title."""
    expected = np.asarray(digits_picture(images, columns).convert("L"), float)
    height, width = expected.shape
    shown = frame[44 : 44 + height, 20 : 20 + width]
    assert np.abs(shown - expected).max() <= GREY_ERROR


def test_each_frame_shows_the_samples_of_its_step_from_the_same_z(run, tmp_path):
    path = tmp_path / "m.gif"
    (said,) = called(["movie", str(run.path), "-n", "6", "--seed", "3", "-o", str(path)])
    about = "6 samples, the same z at every step; 4 steps of one"
    assert said == (0, f"{path}: {about}\n", "")
    shown = list(frames(path))
    assert len(shown) == len(KEPT)
    for step, (frame, _) in zip(KEPT, shown, strict=True):
        network = network_at(run, run.config(), step)
        assert_shown(frame, network.decode(samples(network, 6, 3)), 4)
    with Image.open(path) as gif:
        assert (gif.info["comment"].decode(), gif.info["loop"]) == (about, 0)


def test_the_first_and_the_last_frame_are_shown_longer(run, tmp_path):
    path = tmp_path / "m.gif"
    called(["movie", str(run.path), "-o", str(path)])
    first, *between, last = [duration for _, duration in frames(path)]
    assert max(between) < first < last


def test_early_steps_are_shown_longer_than_late_ones():
    picture = Image.new("RGB", (8, 8))
    steps = [0, 1, 2, 5, 10, 100, 200, 210, 220, 230]
    content = movie([Scene(picture, step, "") for step in steps], "", "")
    with Image.open(io.BytesIO(content)) as gif:
        durations = []
        for index in range(gif.n_frames):
            gif.seek(index)
            durations.append(gif.info["duration"])
    assert min(durations[1:6]) > max(durations[6:-1])


def test_a_morph_interpolates_at_every_step_between_the_same_images(run, tmp_path):
    path = tmp_path / "m.gif"
    line = ["movie", str(run.path), "--of", "morph", "--digits", "3", "#12", "-n", "5"]
    (said,) = called([*line, "-o", str(path)])
    assert said == (0, f"{path}: 3 becomes 2; 4 steps of one\n", "")
    probe = load_probe(run.probe, run.config())
    for step, (frame, _) in zip(KEPT, frames(path), strict=True):
        network = network_at(run, run.config(), step)
        assert_shown(frame, morph(network, probe, choose_ends("3", "#12", probe), 5), 5)


@pytest.mark.parametrize(("method", "name"), [("pca", "PCA"), ("tsne", "t-SNE")])
def test_a_movie_of_the_map_has_points_in_the_colours_of_the_classes(run, tmp_path, method, name):
    path = tmp_path / "m.gif"
    line = ["movie", str(run.path), "--of", "map", "--method", method]
    (said,) = called([*line, "-o", str(path)])
    assert said == (0, f"{path}: {name} of the means of 150 test images; 4 steps of one\n", "")
    with Image.open(path) as gif:
        gif.seek(gif.n_frames - 1)
        found = np.array([colour for _, colour in gif.convert("RGB").getcolors(1 << 20)])
    labels = set(load_probe(run.probe, run.config()).labels.tolist())
    assert len(labels) == 10
    for label in labels:
        colour = np.frombuffer(bytes.fromhex(class_colour(label)[1:]), np.uint8)
        assert np.abs(found - colour).max(1).min() <= 10


def test_all_frames_of_a_map_have_the_same_scale():
    labels = np.zeros(2, np.uint8)
    wide = np.array([[-4, 0], [4, 0]], np.float32)
    small, large = (
        np.nonzero(np.asarray(picture.convert("L"))[:, :] > 40)[1]
        for picture in map_pictures([wide / 4, wide], labels)
    )
    assert np.ptp(large) > 3 * np.ptp(small)


def test_the_file_is_named_after_run_and_subject_by_default(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for subject in ("samples", "map"):
        code, out, _ = called_once(["movie", str(run.path), "--of", subject])
        assert (code, out.partition(":")[0]) == (0, f"one-{subject}.gif")
        assert (tmp_path / f"one-{subject}.gif").exists()


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    files = [tmp_path / "a.gif", tmp_path / "b.gif"]
    called(*(["movie", str(run.path), "-n", "4", "-o", str(file)] for file in files))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_colours_of_colour_images_are_kept():
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[..., 0], image[:, 4:, :, 1] = 200, 90
    content = movie([Scene(digits_picture(image, 1), 0, "")], "t", "")
    with Image.open(io.BytesIO(content)) as gif:
        found = {colour for _, colour in gif.convert("RGB").getcolors(1 << 20)}
    assert {(200, 0, 0), (200, 90, 0)} <= found


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (["-o", "x.png"], 2, "must end in .gif"),
        (["-o", "missing/x.gif"], 2, "there is no folder missing"),
        (["--of", "digits"], 2, "--of 'digits': it can be samples, morph, map"),
        (["-n", "0"], 2, "-n must be 1 to 200, not 0"),
        (["-n", "201"], 2, "-n must be 1 to 200, not 201"),
        (["--of", "morph", "-n", "1"], 2, "-n must be 2 to 200, not 1"),
        (["--of", "morph", "--digits", "3", "77"], 2, "'77' is not an image to morph"),
    ],
)
def test_bad_input_is_one_line_with_the_value(run, tmp_path, monkeypatch, line, code, says):
    monkeypatch.chdir(tmp_path)
    found, out, err = called_once(["movie", str(run.path), *line])
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert says in err
    assert not list(tmp_path.iterdir())


def test_damaged_kept_weights_are_named_and_nothing_is_written(tmp_path, monkeypatch):
    damaged = explored_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    damaged.kept_weights(20).write_bytes(b"no weights")
    code, _, err = called_once(["movie", str(damaged.path)])
    assert (code, err.count("\n")) == (1, 1)
    assert str(damaged.kept_weights(20)) in err
    assert not list(tmp_path.glob("*.gif"))


def test_a_movie_needs_no_torch(run, tmp_path):
    loaded = modules_after_command("movie", run.path, "-o", tmp_path / "m.gif")
    assert "PIL" in loaded
    assert not loaded & {"torch", "textual", "sklearn"}
