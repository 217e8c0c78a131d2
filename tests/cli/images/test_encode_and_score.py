"""``vae-tui encode`` and ``score``: images of any format, seen by a run."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image
from support.explored_runs import called_once, explored_run, pixels
from support.loaded_modules import modules_after_command

from vae_tui.model import load_network
from vae_tui.model.probe import load_probe


@pytest.fixture
def run(tmp_path):
    return explored_run(tmp_path / "runs")


@pytest.fixture
def probe(run):
    return load_probe(run.probe, run.config())


def called(run, command, *arguments):
    return called_once(
        [command, run.name, *map(str, arguments), "--runs-dir", str(run.path.parent)]
    )


def saved(path, image):
    Image.fromarray(image).save(path)
    return path


def test_the_codes_of_images_are_those_of_the_network(run, probe, tmp_path):
    paths = [saved(tmp_path / f"{number}.png", probe.images[number]) for number in range(3)]
    large = np.kron(probe.images[2], np.ones((3, 3), np.uint8))
    paths[2] = saved(tmp_path / "large.bmp", large)
    code, out, err = called(run, "encode", *paths)
    assert (code, err) == (0, "")
    header, *rows = csv.reader(io.StringIO(out))
    means, logvars = load_network(run.weights, run.config()).encode(probe.images[:3])
    assert [row[0] for row in rows] == list(map(str, paths))
    assert header[1] == "mean_1"
    values = np.array([row[1:] for row in rows], float)
    np.testing.assert_allclose(values, np.hstack([means, np.exp(logvars / 2)]), rtol=1e-5)

    for name in ("codes.csv", "codes.npz"):
        code, said, _ = called(run, "encode", *paths, "-o", tmp_path / name)
        assert code == 0
        assert "codes of 3 images" in said
    assert (tmp_path / "codes.csv").read_text() == out
    with np.load(tmp_path / "codes.npz") as found:
        assert found["image"].tolist() == list(map(str, paths))
        np.testing.assert_allclose(found["mean"], means, rtol=1e-5)
        assert found["deviation"].shape == means.shape


def test_the_codes_of_an_auto_encoder_have_no_deviation(run, probe, tmp_path):
    config = run.path / "config.json"
    config.write_text(config.read_text().replace('"model": "vae"', '"model": "ae"'))
    saved(tmp_path / "0.png", probe.images[0])
    assert called(run, "encode", tmp_path / "0.png", "-o", tmp_path / "a.npz")[0] == 0
    with np.load(tmp_path / "a.npz") as found:
        assert found["mean"].any()
        assert not found["deviation"].any()


def test_images_of_an_array_and_a_folder_are_named(run, probe, tmp_path):
    np.save(tmp_path / "a.npy", probe.images[:2])
    (tmp_path / "more").mkdir()
    saved(tmp_path / "more" / "b.png", probe.images[2])
    (tmp_path / "more" / "broken.png").write_bytes(b"no image")
    code, out, err = called(run, "score", tmp_path / "a.npy", tmp_path / "more", "--json")
    assert code == 0
    assert "broken.png is not an image" in err
    assert [row["image"] for row in json.loads(out)] == [
        f"{tmp_path}/a.npy[0]", f"{tmp_path}/a.npy[1]", f"{tmp_path}/more/b.png"
    ]  # fmt: skip


def test_scores_are_printed_written_and_drawn(run, probe, tmp_path):
    np.save(tmp_path / "a.npy", np.concatenate([probe.images, 255 - probe.images[:1]]))
    code, out, _ = called(run, "score", tmp_path / "a.npy", "--json")
    rows = json.loads(out)
    assert code == 0
    percentiles = sorted(row["percentile"] for row in rows[:-1])
    expected = 100 * np.arange(len(probe.images)) / len(probe.images)
    # Blocks of another size change the last digit, and so the order of neighbours.
    np.testing.assert_allclose(percentiles, expected, atol=101 / len(probe.images))
    for row in rows:
        assert row["elbo_loss"] == pytest.approx(row["reconstruction"] + row["kl"], abs=1e-3)

    table = called(run, "score", tmp_path / "a.npy")[1].splitlines()
    assert len(table) == 1 + len(rows)
    assert table[0].split()[0] == "percentile"
    assert called(run, "score", tmp_path / "a.npy", "-o", tmp_path / "s.csv")[0] == 0
    (header, *cells) = csv.reader((tmp_path / "s.csv").read_text().splitlines())
    assert header == list(rows[0])
    assert [float(row[5]) for row in cells] == pytest.approx(
        [row["energy"] for row in rows], abs=1e-3
    )

    code, said, _ = called(run, "score", tmp_path / "a.npy", "-o", tmp_path / "s.png")
    assert code == 0
    assert "the 64 most unusual of 151 images" in said
    most = max(range(len(rows)), key=lambda index: rows[index]["energy"])
    picture = pixels(tmp_path / "s.png")[::4, ::4]
    assert (picture[:28, :28] == np.load(tmp_path / "a.npy")[most]).all()


@pytest.mark.parametrize("command", ["encode", "score"])
def test_what_cannot_be_used_is_one_line(run, tmp_path, command):
    (tmp_path / "a.txt").write_text("no image")
    for arguments, why in (
        (["nothing.png"], "nothing.png: not found"),
        ([tmp_path / "a.txt"], "no image that can be read"),
        ([tmp_path / "a.txt", "-o", "a.gif"], "the name must end in"),
    ):
        code, _, err = called(run, command, *arguments)
        assert code == 2
        assert why in err.splitlines()[-1]


def test_a_folder_of_many_images_is_scored_without_torch(run, probe, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number, image in enumerate(np.concatenate([probe.images] * 4)):
        saved(folder / f"{number:04}.png", image)
    loaded = modules_after_command("score", run.path, folder, "-o", tmp_path / "s.csv")
    assert {"numpy", "PIL"} <= loaded
    assert not loaded & {"torch", "textual", "sklearn", "plotext"}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text())))
    assert len(rows) == 4 * len(probe.images)
    energies = np.array([float(row["energy"]) for row in rows]).reshape(4, -1)
    np.testing.assert_allclose(energies, energies[[0]].repeat(4, axis=0), atol=1e-2)
