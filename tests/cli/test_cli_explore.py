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
from support.explored_runs import KEPT, NEWEST, called, explored_run, model_at, pixels
from support.terminal import Terminal
from test_imports import modules_after

from vae_tui.latent.codes import code_text, prior, samples
from vae_tui.latent.morph import choose_ends, morph
from vae_tui.model import load_network
from vae_tui.model.network_at_step import network_at
from vae_tui.model.probe import load_probe
from vae_tui.run.folder import Run
from vae_tui.terminal.tiles import tile

MAIN = Path(sys.executable).with_name("vae-tui")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return explored_run(tmp_path_factory.mktemp("runs"))


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


def test_sample_is_identical_every_time_for_a_seed(run, tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(3)]
    line = ["sample", str(run.path), "--seed"]
    drawn(run, *([*line, seed, "-o", str(f)] for seed, f in zip("112", files, strict=True)))
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()


def test_temperature_zero_is_the_middle_of_the_prior(run, tmp_path):
    file = tmp_path / "s.png"
    drawn(run, ["sample", str(run.path), "-n", "1", "--temperature", "0", "-o", str(file)])
    middle = network_at(run, run.config()).decode(np.zeros((1, 4), np.float32))
    np.testing.assert_array_equal(pixels(file)[::4, ::4].ravel(), middle[0])


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
            np.testing.assert_array_equal(frame.ravel(), way[index])
    about = f"3 (test image #{ends[0]}) to 2 (test image #12), 5 pictures, slerp"
    assert said[1] == f"{movie}: {about}; weights of step 60 of one\n"


def test_decode_of_a_written_code_is_the_identical_picture(run, tmp_path):
    file = tmp_path / "d.png"
    code = prior(8, 1, 4)
    for step in (0, NEWEST):
        network = network_at(run, run.config(), step)
        line = ["decode", str(run.path), "--z", code_text(code[0]), "--step", str(step)]
        (said,) = drawn(run, [*line, "-o", str(file)])
        np.testing.assert_array_equal(pixels(file)[::4, ::4].ravel(), network.decode(code)[0])
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
        assert file.metadata() == {"step": "20"}
    assert load_network(safe, run.config()).step == 20


def test_exported_losses_are_those_in_force_with_units(run, tmp_path):
    file = tmp_path / "l.csv"
    drawn(run, ["export", str(run.path), "-o", str(file)])
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    told = [(row["event"], row["step"]) for row in rows]
    assert told == [  # the first losses of step 40 are void: the run went on from 20
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
    assert {len(row) for row in csv.reader(io.StringIO(file.read_text()))} == {18}


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


def bad_lines(run: Run, folder: Path) -> dict[str, list[str]]:
    """Return command lines that cannot be obeyed, each under a part of what is answered."""
    path, file = str(run.path), ["-o", str(folder / "x.png")]
    classes = "give a class from 0 to 9, or a test image from '#0' to '#149'"
    return {
        f"'10' is no digit to morph: {classes}": ["morph", path, "10", "3", *file],
        f"'seven' is no digit to morph: {classes}": ["morph", path, "3", "seven", *file],
        f"'#150' is no digit to morph: {classes}": ["morph", path, "3", "#150", *file],
        "--steps must be 2 to 200, not 1": ["morph", path, "3", "8", "--steps", "1", *file],
        "--path 'slurp': did you mean slerp?": ["morph", path, "3", "8", "--path", "slurp", *file],
        "--z wants 4 numbers with commas between, one for each latent dimension; there are 3": [
            *("decode", path, "--z", "-1,2,3", *file)
        ],
        "--z wants 4 numbers with commas between; number 2 is 'b'": [
            *("decode", path, "--z", "1,b,3,4", *file)
        ],
        "Missing option '--z'": ["decode", path, *file],
        "step 30 was not kept; the nearest are 20 and 60": [
            *("decode", path, "--z", "1,2,3,4", "--step", "30", *file)
        ],
        "step 61 was not kept; the nearest is 60": ["sample", path, "--step", "61", *file],
        "step -1 was not kept; the nearest is 0": ["map", path, "--step", "-1", *file],
        "step 2 was not kept; the nearest are 1 and 20": [
            *("export", path, "--step", "2", "-o", str(folder / "x.pt"))
        ],
        "step 3 was not kept; the nearest are 1 and 20": ["eval", path, "--step", "3"],
        "-n must be 1 to 10000, not 0": ["sample", path, "-n", "0", *file],
        "'many' is not a valid integer": ["sample", path, "-n", "many", *file],
        "--temperature must be 0 to 100, not -1": [*("sample", path, "--temperature", "-1", *file)],
        "--method 'umap': it can be pca, tsne": ["map", path, "--method", "umap", *file],
        "the name must end in .png, ": ["sample", path, "-o", str(folder / "x.gif")],
        "the name must end in .png or .gif": ["morph", path, "3", "8", "-o", str(folder / "x")],
        "the name must end in .pt or .safetensors or .csv": ["export", path, *file],
        "Missing option '--output'": ["export", path],
        "there is no folder": ["sample", path, "-o", str(folder / "none" / "x.png")],
        "x.png cannot be written: ": ["sample", path, "-o", "/proc/x.png"],
        "stdout is no terminal: say where to write it, with -o FILE.png": ["sample", path],
        "no terminal: say where to write it, with -o FILE.png": ["map", path],
        "--step is of weights": ["export", path, "--step", "1", "-o", str(folder / "x.csv")],
        "--samples must be 0 to 100000, not -3": ["eval", path, "--samples", "-3"],
        "--device 'gpu': did you mean cpu? it can be auto": ["eval", path, "--device", "gpu"],
        "no run 'nobody'": ["sample", "nobody", "--runs-dir", str(run.path.parent), *file],
    }


def test_every_bad_input_is_answered_in_one_line_with_exit_2(run, tmp_path):
    expected = bad_lines(run, tmp_path)
    answers = called(*expected.values())
    for (said, line), (code, out, err) in zip(expected.items(), answers, strict=True):
        assert said in err, (line, err)
        assert err.count("\n") == 1 and err.startswith("vae-tui: "), err
        assert (code, out) == (2, ""), line
    assert not list(tmp_path.iterdir())


def test_a_run_without_weights_is_refused_by_every_command(tmp_path):
    run = explored_run(tmp_path)
    for path in (run.weights, *map(run.kept_weights, KEPT)):
        path.unlink()
    out = ["-o", str(tmp_path / "x.png")]
    name = str(run.path)
    lines = [
        ["sample", name, *out], ["morph", name, "3", "8", *out], ["map", name, *out],
        ["decode", name, "--z", "1,2,3,4", *out], ["eval", name],
        ["export", name, "-o", str(tmp_path / "x.pt")],
    ]  # fmt: skip
    for answer in called(*lines):
        assert answer == (
            2, "", "vae-tui: one has no weights yet; see how it is with: vae-tui attach one\n",
        )  # fmt: skip


def test_damaged_weights_and_a_lost_data_set_are_one_line_each(tmp_path):
    run = explored_run(tmp_path, dataset="mnist")
    run.weights.write_bytes(b"\x80\x04evil")
    damaged, lost = called(
        ["sample", str(run.path), "-o", str(tmp_path / "x.png")],
        ["eval", str(run.path), "--data-dir", str(tmp_path)],
    )
    assert damaged[0] == lost[0] == 1
    assert re.fullmatch(r"vae-tui: \S+weights\.safetensors cannot be read: .*\n", damaged[2])
    assert f"mnist is not in {tmp_path}; say where it is with --data-dir" in lost[2]
    assert lost[2].count("\n") == 1


def on_terminal(run: Run, *line: str, **environment: str) -> Terminal:
    """Return a terminal in which the command has ended."""
    terminal = Terminal([str(MAIN), *line], columns=80, rows=30, environment=environment)
    assert terminal.wait_for_end() == 0, terminal.text
    terminal.close()
    return terminal


def test_on_a_terminal_digits_are_half_blocks_as_large_as_they_fit(run):
    terminal = on_terminal(run, "sample", str(run.path), "-n", "2")
    lines = terminal.text.splitlines()
    assert "▀" in terminal.text
    assert max(len(line.rstrip()) for line in lines[:14]) <= 56
    assert lines[14].startswith("2 samples of the prior, seed 1, temperature 1; weights of step 60")
    cells = terminal.screen.buffer
    network = network_at(run, run.config())
    picture = tile(network.decode(prior(1, 2, 4)), 2)
    y, x = map(int, np.unravel_index(picture[::2].argmax(), picture[::2].shape))
    cell = cells[y][x]
    upper = cell.fg if cell.data == "▀" else cell.bg
    assert abs(int(upper[:2], 16) - int(picture[2 * y, x])) <= 8


def test_without_colours_or_utf_8_a_digit_is_shades_or_ascii(run):
    line = ("decode", str(run.path), "--z", "3,-3,3,1")
    shades = on_terminal(run, *line, NO_COLOR="1").text
    assert set("░▒▓█") & set(shades)
    assert "▀" not in shades
    ascii_only = on_terminal(run, *line, LC_ALL="C").text
    assert ascii_only.isascii()
    assert set(".:-=+*#%@") & set(ascii_only.splitlines()[5])


def test_on_a_terminal_the_map_is_the_figures_of_the_classes(run):
    lines = on_terminal(run, "map", str(run.path)).text.splitlines()
    figures = "".join(lines[:27]).replace(" ", "")
    assert figures.isdigit()
    assert len(set(figures)) == 10
    assert any(line.startswith("PCA (") for line in lines)


@pytest.mark.parametrize(
    "line",
    [
        ["sample"], ["morph", "one", "3", "8"], ["decode", "--z", "1,2,3,4"], ["map"],
    ],
)  # fmt: skip
def test_pictures_are_drawn_without_torch(run, tmp_path, line):
    arguments = [*line, "--runs-dir", str(run.path.parent), "-o", str(tmp_path / "x.png")]
    loaded = modules_after(
        f"import sys; sys.argv[1:] = {arguments!r}\n"
        "from vae_tui.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as left: assert left.code == 0\n"
        "0"
    )
    assert {"numpy", "PIL"} <= loaded
    assert not loaded & {"torch", "textual", "sklearn", "plotext"}
    assert (tmp_path / "x.png").exists()
