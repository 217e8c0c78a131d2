"""Every shell command on a run of colour images: its pictures have their colours."""

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.explored_runs import called_once, epoch_ended, losses_measured, run_started
from support.terminal import Terminal
from support.tiny_runs import tiny_config

from vae_tui.image_shape import ImageShape
from vae_tui.model import build
from vae_tui.run.events import encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.checkpoint import save_probe, save_weights

SHAPE = ImageShape(16, 16, 3)
DECODED, TESTED = (215, 95, 0), (95, 135, 215)
"""About the colours of what the network decodes, and of the test images."""
CODE = "0.5,-1,1,0"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """Return a run whose network decodes every code to nearly `DECODED`."""
    config = tiny_config(
        dataset="/pictures", data_checksum="0" * 24, classes=("a", "b"), image_shape=SHAPE
    )
    run = create(tmp_path_factory.mktemp("runs"), "one", config)
    noise = np.random.default_rng(1).integers(-20, 21, (50, *SHAPE.array))
    tests = torch.tensor((noise + TESTED).reshape(50, -1).astype(np.uint8))
    save_probe(run.probe, tests, (torch.arange(50) % 2).to(torch.uint8), SHAPE)
    torch.manual_seed(1)
    model = build(config)
    share = torch.tensor(DECODED).clamp(2, 253).repeat(SHAPE.pixels // 3) / 255
    weights = model.state_dict()
    weights["decoder.2.bias"] = torch.log(share / (1 - share))
    weights["decoder.2.weight"] = weights["decoder.2.weight"] / 10
    run.history.mkdir()
    for step in (0, 60):
        save_weights(run.kept_weights(step), weights, step, SHAPE, half=True)
    save_weights(run.weights, weights, 60, SHAPE)
    for event in (run_started(0), epoch_ended(0), losses_measured(60), epoch_ended(60)):
        append(run.events, encode(event))
    return run


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "given.png"
    Image.new("RGB", (40, 30), TESTED).save(path)
    return path


def done(run: Run, command: str, *arguments: str) -> str:
    """Run a command on the run; return what it prints."""
    code, out, err = called_once([command, str(run.path), *arguments])
    assert (code, err) == (0, "")
    return out


def colours(path: Path) -> np.ndarray:
    """Return the pixels of a picture, or of the first frame of a movie: (H, W, 3)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def assert_near(found: np.ndarray, colour: tuple[int, int, int]) -> None:
    assert np.abs(found.mean((0, 1)) - colour).max() < 12


@pytest.mark.parametrize(
    ("command", "name", "size"),
    [
        (("sample", "-n", "4"), "a.png", (128, 128)),
        (("decode", f"--z={CODE}"), "a.png", (64, 64)),
        (("morph", "0", "1", "--steps", "3"), "a.png", (192, 64)),
        (("morph", "0", "#7", "--steps", "3", "--path", "pixels"), "a.gif", (128, 128)),
    ],
)
def test_decoded_pictures_are_files_in_colour(run, tmp_path, command, name, size):
    file = tmp_path / name
    done(run, *command, "-o", str(file))
    with Image.open(file) as image:
        assert image.size == size
    assert_near(colours(file), DECODED)


@pytest.mark.parametrize("subject", ["samples", "morph"])
def test_movies_are_in_colour(run, tmp_path, subject):
    file = tmp_path / "a.gif"
    more = ["--digits", "0", "1"] if subject == "morph" else []
    done(run, "movie", "--of", subject, "-n", "4", *more, "-o", str(file))
    shown = colours(file)
    apart = np.abs(shown - DECODED).max(2)
    assert (apart < 12).mean() > 0.4  # the rest is captions and gutters


def test_scores_show_the_image_its_reconstruction_and_the_mean_error(run, tmp_path, picture):
    file = tmp_path / "a.png"
    out = done(run, "score", str(picture), "-o", str(file))
    assert str(picture) in out
    shown = colours(file)
    assert shown.shape == (64, 192, 3)
    image, copy, error = shown[:, :64], shown[:, 64:128], shown[:, 128:]
    assert_near(image, TESTED)
    assert_near(copy, DECODED)
    assert (error.max(2) == error.min(2)).all()
    assert np.abs(error[..., 0] - np.abs(image - copy).mean(2)).max() <= 0.5


def test_codes_maps_numbers_and_weights_of_a_colour_run(run, tmp_path, picture):
    (row,) = csv.DictReader(done(run, "encode", str(picture)).splitlines())
    assert len(row) == 1 + 2 * 4
    done(run, "map", "-o", str(tmp_path / "m.png"))
    done(run, "movie", "--of", "map", "-o", str(tmp_path / "m.gif"))
    assert colours(tmp_path / "m.png").any()
    assert '"state": "' in done(run, "status", "--json")
    for suffix in ("pt", "safetensors", "csv"):
        done(run, "export", "-o", str(tmp_path / f"w.{suffix}"))
        assert (tmp_path / f"w.{suffix}").stat().st_size


@pytest.mark.parametrize("colorterm", ["", "truecolor"])
def test_on_a_terminal_samples_are_printed_in_colour(run, colorterm):
    program = Path(sys.executable).with_name("vae-tui")
    line = [str(program), "sample", str(run.path), "-n", "2"]
    terminal = Terminal(line, columns=80, rows=30, environment={"COLORTERM": colorterm})
    assert terminal.wait_for_end() == 0, terminal.text
    terminal.close()
    cells = [terminal.screen.buffer[y][x] for y in range(14) for x in range(50)]
    shown = [tuple(bytes.fromhex(cell.bg)) for cell in cells if cell.bg != "default"]
    assert len(shown) > 600
    assert np.abs(np.mean(shown, axis=0) - DECODED).max() < 16
    is_entry = (215, 95, 0) in shown  # of the palette of 256 colours
    assert is_entry != bool(colorterm)


def test_the_screen_is_opened_for_a_colour_run(run):
    program = Path(sys.executable).with_name("vae-tui")
    with Terminal([str(program), "attach", str(run.path)], environment=dict(os.environ)) as screen:
        screen.wait_for("reconstructions")
        screen.type("q")
