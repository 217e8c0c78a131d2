import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from support.explored_runs import NEWEST, called, explored_run, model_at, pixels
from support.loaded_modules import modules_after_command

from vae_tui.latent.codes import aggregate, code_text, prior, samples
from vae_tui.latent.mixture_fit import fit
from vae_tui.latent.morph import choose_ends, morph
from vae_tui.latent.posterior import posteriors
from vae_tui.model import load_network
from vae_tui.model.network_at_step import network_at
from vae_tui.model.probe import load_probe
from vae_tui.run.folder import Run
from vae_tui.terminal.tiles import tile
from vae_tui.tui.views.samples import SOURCES

MAIN = Path(sys.executable).with_name("vae-tui")


def drawn(run: Run, *lines: list[str]) -> list[str]:
    """Return what was said of each file; nothing went wrong."""
    said = []
    for code, out, err in called(*lines):
        assert (code, err) == (0, ""), err
        said.append(out)
    return said


def test_sample_writes_the_prior_s_digits_and_says_of_which_step(run, tmp_path):
    file = tmp_path / "s.png"
    said = drawn(run, ["sample", str(run.path), "-n", "6", "--seed", "3", "-o", str(file)])
    network = network_at(run, run.config())
    pictures = network.decode(samples(network, 6, 3))
    np.testing.assert_array_equal(pixels(file)[::4, ::4], tile(pictures, 3))
    about = "6 samples of the prior, seed 3, temperature 1; weights of step 60 of one"
    assert said == [f"{file}: {about}\n"]
    with Image.open(file) as picture:
        assert picture.text["Description"] == about


def test_sample_draws_from_the_codes_of_the_test_images(run, tmp_path):
    config = run.config()
    network = network_at(run, config)
    known = posteriors(network, load_probe(run.probe, config).images, "vae")
    mixture = fit(known)
    for source, codes, words in (
        ("posterior", aggregate(3, 6, known, 0.5), "the aggregate posterior"),
        (
            "mixture",
            mixture.draw(3, 6, 0.5),
            f"a mixture of {len(mixture)} Gaussians fitted to the codes",
        ),
    ):
        file = tmp_path / f"{source}.png"
        options = ["--source", source, "-n", "6", "--seed", "3", "--temperature", "0.5"]
        (said,) = drawn(run, ["sample", str(run.path), *options, "-o", str(file)])
        np.testing.assert_array_equal(pixels(file)[::4, ::4], tile(network.decode(codes), 3))
        assert f"6 samples of {words}, seed 3, temperature 0.5; weights of step 60" in said


@pytest.mark.parametrize("source", SOURCES)
def test_sample_is_identical_every_time_for_a_seed(run, tmp_path, source):
    files = [tmp_path / f"{number}.png" for number in range(3)]
    line = ["sample", str(run.path), "--source", source, "--seed"]
    drawn(run, *([*line, seed, "-o", str(f)] for seed, f in zip("112", files, strict=True)))
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()


def test_temperature_zero_is_the_middle_of_the_prior(run, tmp_path):
    file = tmp_path / "s.png"
    drawn(run, ["sample", str(run.path), "-n", "1", "--temperature", "0", "-o", str(file)])
    middle = network_at(run, run.config()).decode(np.zeros((1, 4), np.float32))
    np.testing.assert_array_equal(pixels(file)[::4, ::4], middle[0])


def test_morph_writes_a_strip_and_a_moving_picture_of_the_same_way(run, tmp_path):
    strip, movie = tmp_path / "m.png", tmp_path / "m.gif"
    line = ["morph", str(run.path), "3", "#12", "--steps", "5", "--path", "slerp", "-o"]
    said = drawn(run, [*line, str(strip)], [*line, str(movie)])
    network, probe = network_at(run, run.config()), load_probe(run.probe, run.config())
    ends = choose_ends("3", "#12", probe)
    way = morph(network, probe, ends, 5, "slerp")
    np.testing.assert_array_equal(pixels(strip)[::4, ::4], tile(way, 5))
    with Image.open(movie) as frames:
        assert frames.n_frames == 8
        for index in range(5):
            frames.seek(index)
            frame = np.asarray(frames.convert("L"))[::8, ::8]
            np.testing.assert_array_equal(frame, way[index])
    about = f"3 (test image #{ends[0]}) to 2 (test image #12), 5 pictures, slerp"
    assert said[1] == f"{movie}: {about}; weights of step 60 of one\n"


def test_a_morph_is_described_with_the_names_of_the_classes(tmp_path):
    clothes = explored_run(tmp_path, dataset="fashion-mnist")
    line = [str(clothes.path), "-o", str(tmp_path / "m.gif")]
    said = drawn(
        clothes,
        ["morph", *line, "Sneaker", "#12"],
        ["movie", *line, "--of", "morph", "--digits", "Sneaker", "#12"],
    )
    assert re.search(
        r"m\.gif: Sneaker \(test image #\d+\) to Pullover \(test image #12\), ", said[0]
    )
    assert "m.gif: Sneaker becomes Pullover; " in said[1]


def test_decode_of_a_written_code_is_the_identical_picture(run, tmp_path):
    file = tmp_path / "d.png"
    code = prior(8, 1, 4)
    for step in (0, NEWEST):
        network = network_at(run, run.config(), step)
        line = ["decode", str(run.path), "--z", code_text(code[0]), "--step", str(step)]
        (said,) = drawn(run, [*line, "-o", str(file)])
        np.testing.assert_array_equal(pixels(file)[::4, ::4], network.decode(code)[0])
        assert said == f"{file}: z = {code_text(code[0])}; weights of step {step} of one\n"


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_map_writes_a_picture_in_the_colours_of_the_classes(run, tmp_path, method):
    file = tmp_path / "map.png"
    (said,) = drawn(run, ["map", str(run.path), "--method", method, "--step", "0", "-o", str(file)])
    assert re.fullmatch(
        r".*map\.png: (PCA \(\d+% of the variance\)|t-SNE) of the means of 150 test images; "
        r"weights of step 0 of one\n",
        said,
    )
    assert pixels(file).shape == (1016, 1160, 3)


def test_exported_weights_load_into_the_courses_class_and_are_the_same(run, tmp_path):
    pt, safe = tmp_path / "w.pt", tmp_path / "w.safetensors"
    line = ["export", str(run.path), "--step", "20", "-o"]
    said = drawn(run, [*line, str(pt)], [*line, str(safe)])
    assert said == [f"{file}: weights of step 20 of one\n" for file in (pt, safe)]
    model = model_at(20, run.config())
    for weights in (torch.load(pt, weights_only=True), load_file(safe)):
        assert list(weights) and {value.dtype for value in weights.values()} == {torch.float32}
        for name, value in model.state_dict().items():
            assert torch.equal(weights[name], value), name
        model.load_state_dict(weights, strict=True)
    with safe_open(safe, "numpy") as file:
        assert file.metadata() == {"step": "20", "image_shape": "28x28x1"}
    assert load_network(safe, run.config()).step == 20


def test_exported_losses_are_those_in_force_with_units(run, tmp_path):
    file = tmp_path / "l.csv"
    drawn(run, ["export", str(run.path), "-o", str(file)])
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    reported = [(row["event"], row["step"]) for row in rows]
    assert reported == [  # the first losses of step 40 are void: the run went on from 20
        ("epoch_ended", "0"), ("losses_measured", "20"), ("epoch_ended", "20"),
        ("losses_measured", "40"), ("losses_measured", "60"), ("epoch_ended", "60"),
    ]  # fmt: skip
    assert rows[1]["train_bce_nats_per_image"] == "180.0"
    assert rows[1]["train_kl_nats_per_image"] == "5.0"
    assert rows[1]["test_bce_nats_per_image"] == rows[0]["train_bce_nats_per_image"] == ""
    assert rows[2]["test_bce_nats_per_image"] == "180.5"
    assert rows[2]["test_bce_at_mean_nats_per_image"] == "170.25"
    assert [rows[2][f"test_kl_z{number}_nats_per_image"] for number in range(1, 5)] == [
        *("1.0", "2.0", "0.5", "0.5")
    ]
    assert {len(row) for row in csv.reader(io.StringIO(file.read_text()))} == {19}


def test_eval_prints_one_object_or_the_meaning_of_each_number(run):
    line = ["eval", str(run.path), "--device", "cpu", "--samples", "5"]
    spoken, text = drawn(run, [*line, "--json"], line)
    record = json.loads(spoken)
    assert record["images"] == 500
    assert record["nll"] < record["elbo_loss"]
    assert f"{record['nll']:.2f}  importance-weighted, K = 5" in text


def test_the_newest_run_is_meant_when_none_is_named(run, tmp_path):
    file = tmp_path / "s.png"
    (said,) = drawn(run, ["sample", "--runs-dir", str(run.path.parent), "-o", str(file)])
    assert said.endswith("weights of step 60 of one\n")


def test_options_are_read_from_the_environment(run, tmp_path):
    done = subprocess.run(
        [MAIN, "sample"],
        env={
            **os.environ,
            "VAE_TUI_RUNS_DIR": str(run.path.parent),
            "VAE_TUI_OUTPUT": str(tmp_path / "s.png"),
            "VAE_TUI_SEED": "9",
            "VAE_TUI_COUNT": "2",
            "VAE_TUI_STEP": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2 samples of the prior, seed 9, temperature 1; weights of step 1 of one" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        ["sample"], ["sample", "--source", "posterior"], ["morph", "one", "3", "8"],
        ["decode", "--z", "1,2,3,4"], ["map"],
    ],
)  # fmt: skip
def test_pictures_are_drawn_without_torch(run, tmp_path, line):
    output = tmp_path / "x.png"
    loaded = modules_after_command(*line, "--runs-dir", run.path.parent, "-o", output)
    assert {"numpy", "PIL"} <= loaded
    assert not loaded & {"torch", "textual", "sklearn", "plotext"}
    assert output.exists()
