"""TensorBoard's own reader finds in the event files what the run has reported."""

import io
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from support.real_runs import ended, logged_events, running
from support.tiny_runs import CPU, NoCommands, Ticker, finish, random_images, tiny_config

pytest.importorskip("tensorboard", reason="no tensorboard here: pip install tensorboard")
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vae_tui.data.idx_files import Images
from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape
from vae_tui.model.step_plan import StepPlan
from vae_tui.run.commands import Command
from vae_tui.run.events import EpochEnded, LossesMeasured
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training import process
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.tensorboard import SAMPLES, TensorBoardFiles
from vae_tui.training.trainer import Trainer

CONFIG = tiny_config(tensorboard=True)


def read(run):
    """Return what TensorBoard shows of a run, all points kept."""
    found = EventAccumulator(
        str(run.path / "tensorboard"), {"scalars": 0, "images": 0, "histograms": 0}
    )
    found.Reload()
    return found


def new_trainer(config=CONFIG):
    return Trainer(config, random_images(), CPU, StepPlan("fp32"))


def train(run, trainer, until=lambda step: False, clock=float):
    """Train to the end or until a step; return the events. Writing takes no time by the clock."""
    files = TensorBoardFiles(run, trainer, random_images(), clock)
    happened = []
    for events in trainer.run(NoCommands()):
        files.record(events)
        happened += events
        if until(trainer.step):
            break
    return happened


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run, trainer = Run(tmp_path_factory.mktemp("run")), new_trainer()
    return run, trainer, train(run, trainer)


def test_each_loss_is_there_with_its_step_and_time(trained):
    run, _, happened = trained
    found = read(run)
    for tag, kind, value in (
        ("train/bce", LossesMeasured, lambda event: event.bce),
        ("train/lr", LossesMeasured, lambda event: event.lr),
        ("test/bce", EpochEnded, lambda event: event.test_bce),
        ("test/kl", EpochEnded, lambda event: event.test_kl),
        ("test/loss", EpochEnded, lambda event: event.test_bce + event.test_kl),
        ("test/bce_at_mean", EpochEnded, lambda event: event.test_bce_at_mean),
    ):
        reported = [event for event in happened if isinstance(event, kind)]
        points = found.Scalars(tag)
        assert [point.step for point in points] == [event.step for event in reported]
        for point, event in zip(points, reported, strict=True):
            assert point.value == pytest.approx(value(event), rel=1e-6)
            assert point.wall_time == event.time


def test_the_kl_of_the_dimensions_is_a_histogram_for_each_epoch(trained):
    run, _, happened = trained
    epochs = [event for event in happened if isinstance(event, EpochEnded)]
    histograms = read(run).Histograms("test/kl_per_dimension")
    assert [one.step for one in histograms] == [event.step for event in epochs]
    for one, event in zip(histograms, epochs, strict=True):
        assert one.histogram_value.num == CONFIG.latent_dim
        assert one.histogram_value.sum == pytest.approx(sum(event.kl_per_dimension), rel=1e-5)
        assert one.histogram_value.max == pytest.approx(max(event.kl_per_dimension), rel=1e-5)


def test_samples_are_a_grid_for_each_epoch_from_the_same_codes(trained):
    run, _, happened = trained
    images = read(run).Images("samples")
    epochs = [event.step for event in happened if isinstance(event, EpochEnded)]
    assert [image.step for image in images] == epochs
    assert (images[0].width, images[0].height) == (8 * 28, SAMPLES // 8 * 28)
    assert images[0].encoded_image_string != images[-1].encoded_image_string


def test_samples_of_a_colour_run_are_in_its_colours(tmp_path):
    shape = ImageShape(8, 8, 3)
    config = tiny_config(tensorboard=True, image_shape=shape, epochs=1)
    orange = torch.tensor([215, 95, 10], dtype=torch.uint8).repeat(100, 64)  # (N, P)
    labels = torch.zeros(100, dtype=torch.uint8)
    images = Images(orange, labels, orange, labels, shape)
    trainer = Trainer(config, images, CPU, StepPlan("fp32"))
    share = torch.tensor([215, 95, 10]).repeat(64) / 255
    with torch.no_grad():
        trainer.model.decoder[-1].bias.copy_(torch.log(share / (1 - share)))
    files = TensorBoardFiles(Run(tmp_path), trainer, images, float)
    for events in trainer.run(NoCommands()):
        files.record(events)
    (first, *_) = read(Run(tmp_path)).Images("samples")
    with Image.open(io.BytesIO(first.encoded_image_string)) as grid:
        pixels = np.asarray(grid)
    assert pixels.shape == (SAMPLES // 8 * 8, 8 * 8, 3)
    assert np.abs(pixels.mean((0, 1)) - (215, 95, 10)).max() < 12


def test_samples_that_take_long_are_written_less_often_but_at_the_end(tmp_path):
    happened = train(Run(tmp_path), new_trainer(), clock=Ticker(1.0))
    steps = [image.step for image in read(Run(tmp_path)).Images("samples")]
    assert steps == [0, happened[-1].step]


def test_the_embedding_holds_the_means_of_the_test_images_and_their_labels(trained):
    run, trainer, _ = trained
    (folder,) = (run.path / "tensorboard").glob("*/test_means")
    means = np.loadtxt(folder / "tensors.tsv")
    test = random_images()
    expected = trainer.model.encode(test.test.float() / 255).mean.detach().numpy()
    np.testing.assert_allclose(means, expected, rtol=1e-5, atol=1e-6)
    assert (folder / "metadata.tsv").read_text().split() == list(
        map(str, test.test_labels.tolist())
    )
    with Image.open(folder / "sprite.png") as sprite:
        assert sprite.size[0] >= 28 * 12


def test_a_resume_draws_no_step_twice(tmp_path):
    run, broken = Run(tmp_path), new_trainer()
    saved = {}

    def save_then_go_on(step):
        if step >= 8 and not saved:
            saved.update(broken.state(), step=step)
            saved["model"] = {name: value.clone() for name, value in saved["model"].items()}
        return step >= 14

    train(run, broken, save_then_go_on)
    assert 8 <= saved["step"] < 14
    resumed = new_trainer()
    resumed.load_state(saved)
    happened = train(run, resumed)
    found = read(run)
    for tag in ("train/bce", "test/bce"):
        steps = [point.step for point in found.Scalars(tag)]
        assert steps == sorted(set(steps))
    later = [event.step for event in happened if isinstance(event, LossesMeasured)]
    shown = [point.step for point in found.Scalars("train/bce") if point.step > saved["step"]]
    assert shown == later


def test_the_files_change_nothing_of_the_training(trained):
    plain = new_trainer(tiny_config())
    finish(plain)
    for name, value in trained[1].model.state_dict().items():
        assert torch.equal(plain.model.state_dict()[name], value), name


def test_a_trainer_s_process_writes_them_to_the_end(tmp_path):
    config = tiny_config(epochs=2, batch_size=900, tensorboard=True)
    with running(tmp_path, config) as run:
        assert ended(run).reason == "finished"
        losses = [event.test_bce for event in logged_events(run) if isinstance(event, EpochEnded)]
    points = read(run).Scalars("test/bce")
    assert [point.value for point in points] == pytest.approx(losses, rel=1e-6)


class FailsAfterSomeLosses(CommandFile):
    """A command file that cannot be read once three losses are in the log."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.commands, 0)
        self._run = run

    def take(self, wait: float) -> Sequence[Command]:
        losses = [event for event in logged_events(self._run) if isinstance(event, LossesMeasured)]
        if len(losses) >= 3:
            raise RuntimeError("no more")
        return super().take(wait)


def test_the_losses_before_a_failure_are_in_the_files(tmp_path):
    config = tiny_config(batch_size=2, tensorboard=True)  # fails within the first epoch
    run = create(tmp_path, "run", config)
    assert process.train(run, config, FailsAfterSomeLosses(run), Ranks()) == 1
    losses = [event.bce for event in logged_events(run) if isinstance(event, LossesMeasured)]
    assert len(losses) >= 3
    shown = [point.value for point in read(run).Scalars("train/bce")]
    assert shown == pytest.approx(losses, rel=1e-6)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "tensorboard").write_text("not a folder")
    with pytest.raises(VaeTuiError, match=r"tensorboard cannot be written: "):
        TensorBoardFiles(Run(tmp_path), new_trainer(), random_images())


@pytest.mark.parametrize("resumed", [False, True])
def test_without_the_package_the_line_that_installs_it_is_shown(tmp_path, resumed):
    code = (
        "import sys; sys.modules['tensorboard'] = None\nfrom vae_tui.cli.main import main; main()"
    )
    line = ["train", "--runs-dir", str(tmp_path), "--headless"]
    if resumed:
        create(tmp_path, "one", tiny_config(tensorboard=True))
        line += ["--resume", "one"]
    else:
        line += ["--name", "one", "--tensorboard"]
    done = subprocess.run(
        [sys.executable, "-c", code, *line],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "pip install 'vae-tui[tensorboard]'" in done.stderr
    assert resumed or not (tmp_path / "one").exists()
