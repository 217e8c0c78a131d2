"""``train --dataset PATH``: a folder of images, or an array."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from support.explored_runs import called_once
from support.real_runs import logged_events
from support.shells import Shell, wait_until
from support.tiny_runs import only

from vae_tui.cli.data_set.choice import few_steps
from vae_tui.data import idx_files
from vae_tui.data.catalogue import own_folder
from vae_tui.run import control
from vae_tui.run.events import RunStarted
from vae_tui.run.folder import Run

TRAIN = (
    *("train", "--headless", "--architecture", "auto", "--hidden", "16"),
    *("--threads", "1", "--epochs", "1", "--batch-size", "16"),
)


@pytest.fixture
def shell(tmp_path):
    shell = Shell(tmp_path)
    yield shell
    shell.end_everything()


@pytest.fixture
def pictures(tmp_path) -> Path:
    rng = np.random.default_rng(1)
    for number in range(60):
        file = tmp_path / "My pictures" / ("cats", "dogs")[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (16, 16), dtype=np.uint8)).save(file)
    return tmp_path / "My pictures"


@pytest.fixture
def begun(shell, monkeypatch) -> Iterator[Callable[..., tuple[Run, list[str]]]]:
    """Give a function that begins a run in this process; its trainer is not started.

    It takes options of ``train`` and returns the run, and the lines of stderr before that is said.
    """

    def begin(*options: str) -> tuple[Run, list[str]]:
        _, _, err = called_once([*TRAIN, *options])
        *lines, lost = err.splitlines()
        assert " is lost: " in lost
        return shell.run, lines

    for name, value in shell.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(control, "start", lambda *_: 1)
    handlers = {number: signal.getsignal(number) for number in control.TRAINER_SIGNALS}
    yield begin
    for number, handler in handlers.items():  # training in plain lines sets its own
        signal.signal(number, handler)


def test_a_folder_is_trained_resumed_without_its_conversion_and_explored(shell, pictures, tmp_path):
    answer = shell.answer(*TRAIN, "--dataset", "My pictures")
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.startswith("vae-tui: converting 60 images to 16x16x1: 15KB in ")
    assert answer.stderr.count("\n") == 1
    run = shell.run
    assert run.name.startswith("My-pictures-")
    config = run.config()
    assert (config.dataset, config.classes) == (str(pictures), ("cats", "dogs"))
    assert str(config.image_shape) == "16x16x1"
    assert config.architecture == "conv"
    (started,) = only(RunStarted, logged_events(run))
    assert started.images + started.test_images == 60

    (row,) = json.loads(shell.answer("runs", "--json").stdout)
    assert row["dataset"] == "My pictures"
    shutil.rmtree(own_folder(Path(config.data_dir), config.data_checksum))
    resumed = shell.answer("train", "--headless", "--resume", run.name, "--epochs", "2")
    assert resumed.returncode == 0, resumed.stderr
    shown = shell.answer("sample", run.name, "-o", "a.png")
    assert shown.returncode == 0, shown.stderr
    shown = shell.answer("morph", run.name, "0", "1", "-o", "b.png")
    assert shown.returncode == 0, shown.stderr

    shutil.rmtree(own_folder(Path(config.data_dir), config.data_checksum))
    (pictures / "cats" / "0.png").unlink()
    changed = shell.answer("train", "--headless", "--resume", run.name, "--epochs", "3")
    assert changed.returncode == 1
    assert "have changed since the run began" in changed.stderr
    assert changed.stderr.count("\n") == 1


def test_a_smaller_batch_is_advised_where_an_epoch_has_a_step(begun, pictures):
    run, (_, advice) = begun("--dataset", str(pictures), "--batch-size", "256")
    config = run.config()
    images = idx_files.load(
        config.dataset, Path(config.data_dir), config.image_shape, config.data_checksum
    )
    assert advice == f"vae-tui: {few_steps(len(images.train), 256)}"


@pytest.mark.parametrize(
    ("images", "batch", "words"),
    [
        (180, 256, "180 training images are 1 step an epoch with --batch-size 256: 64 learns"),
        (512, 256, "512 training images are 2 steps an epoch with --batch-size 256: 128 learns"),
        (2, 100, "2 training images are 1 step an epoch with --batch-size 100: 1 learns"),
        (513, 256, ""),
        (2, 1, ""),
        (54, 16, ""),
        (60_000, 256, ""),
    ],
)
def test_the_batch_that_is_advised_gives_an_epoch_three_steps(images, batch, words):
    assert few_steps(images, batch).startswith(words)
    assert bool(few_steps(images, batch)) == bool(words)


def test_an_array_is_trained_as_rgb_if_channels_says_so_and_a_requeued_job_goes_on(shell, tmp_path):
    images = np.random.default_rng(1).integers(0, 255, (50, 9, 9), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(50) % 3)
    begin = (*TRAIN, "--dataset", "a.npz", "--name", "job", "--or-resume")
    (shell.runs_dir / "job").mkdir(parents=True)  # a job was killed before it wrote a config
    first = shell.answer(*begin, "--size", "8", "--channels", "3")
    assert first.returncode == 0, first.stderr
    config = shell.run.config()
    assert (str(config.image_shape), config.classes) == ("8x8x3", ("0", "1", "2"))
    for channels in ("3", "auto"):
        again = shell.answer(*begin, "--size", "8", "--channels", channels)
        assert again.stdout == "job has finished all its epochs (1)\n"
    for option, value, own in (("--size", "9", "8"), ("--channels", "1", "3")):
        other = shell.answer(*begin, option, value)
        assert other.returncode == 2
        assert f"{option} {value}: job has {own}, which cannot change" in other.stderr


@pytest.mark.parametrize(
    ("options", "shape"),
    [((), "16x16x3"), (("--channels", "auto"), "16x16x3"), (("--channels", "1"), "16x16x1")],
)
def test_a_colour_image_makes_the_run_rgb_unless_channels_says_otherwise_and_no_image_is_named(
    begun, pictures, options, shape
):
    Image.new("RGB", (16, 16), (200, 0, 0)).save(pictures / "cats" / "1.png")
    (pictures / "cats" / "broken.png").write_bytes(b"no image")
    run, (_, broken) = begun("--dataset", str(pictures), *options)
    assert "1 of 62 files were left out: cats/broken.png is not an image" in broken
    assert str(run.config().image_shape) == shape


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--dataset", "./nothing"], "vae-tui: ./nothing: not found"),
        (["--dataset", "{}"], "no image files in this folder"),
        (["--dataset", "digits", "--size", "32"], "digits has images of 28x28x1; omit it"),
        (["--dataset", "{}", "--size", "65"], "--size must be 64 or less, not 65"),
        (["--dataset", "digits", "--channels", "3"], "digits has images of 28x28x1; omit it"),
        (["--dataset", "{}", "--channels", "2"], "--channels '2': it can be auto, 1, 3"),
        (["--dataset", "minst"], "did you mean mnist?"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_one_line(tmp_path, options, why):
    options = [option.format(tmp_path) for option in options]
    code, _, err = called_once(["train", *options, "--runs-dir", str(tmp_path / "runs")])
    assert (code, err.count("\n")) == (2, 1)
    assert why in err.replace(str(Path.cwd() / "nothing"), "./nothing")
    assert not (tmp_path / "runs").exists()


def test_a_run_in_windows_that_is_killed_continues_bit_for_bit_like_an_unbroken_one(
    shell, tmp_path
):
    """With the default network, of images that are too large for the memory that is assumed."""
    coarse = np.random.default_rng(1).integers(0, 2, (5_000, 7, 7), dtype=np.uint8)
    np.save(tmp_path / "a.npy", (255 * coarse).repeat(4, axis=1).repeat(4, axis=2))
    shell.environment["VAE_TUI_MEMORY"] = "0.001"
    command = ("train", "--headless", "--dataset", "a.npy", "--epochs", "3", "--name", "whole")
    answer = shell.answer(*command)
    assert answer.returncode == 0, answer.stderr
    assert "at a time in memory" in answer.stderr
    whole, killed = Run(shell.runs_dir / "whole"), Run(shell.runs_dir / "killed")
    assert (whole.config().shuffle_window, whole.config().shuffle_block) == (256, 4)
    assert str(whole.config().image_shape) == "28x28x1"
    del shell.environment["VAE_TUI_MEMORY"]  # elsewhere there is more; the order is the run's
    killed.path.mkdir()
    shutil.copy(whole.path / "config.json", killed.path)
    assert shell.answer("resume", "killed").returncode == 0
    wait_until(killed.trainer_state.exists)
    os.kill(killed.pid(), signal.SIGKILL)
    wait_until(lambda: not killed.is_live())
    assert shell.answer("resume", "killed").returncode == 0
    assert shell.answer("wait", "killed").returncode == 0
    expected, found = (load_file(one.weights) for one in (whole, killed))
    assert all(np.array_equal(found[key], value) for key, value in expected.items())
