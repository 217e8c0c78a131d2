"""Run folders as a trainer leaves them, made without training; and the commands that read them."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from support.tiny_runs import random_images, tiny_config

from vae_tui.model import build
from vae_tui.model.vae import VAE
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.checkpoint import save_probe, save_weights

FAR_AHEAD = 4e9
"""Unix seconds: a run that was heard of then is not silent now."""
NEWEST = 60
KEPT = (0, 1, 20, 60)


def model_at(step: int, config: RunConfig) -> VAE:
    """Return the network that the run's weights of ``step`` are of."""
    torch.manual_seed(step)
    model = build(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4).copy_(parameter.half())  # history is kept in half precision
    return model


def explored_run(folder: Path, name: str = "one", **changes: object) -> Run:
    """Make a run of random digits with weights of four steps, 150 test images and losses."""
    config = tiny_config(**changes)
    run = create(folder, name, config)
    images = random_images()
    save_probe(run.probe, images.test, images.test_labels, images.shape)
    run.history.mkdir()
    for step in KEPT:
        weights = model_at(step, config).state_dict()
        save_weights(run.kept_weights(step), weights, step, images.shape, half=True)
    weights = model_at(NEWEST, config).state_dict()
    save_weights(run.weights, weights, NEWEST, images.shape)
    for event in (
        run_started(0),
        epoch_ended(0),
        losses_measured(20),
        epoch_ended(20),
        losses_measured(40),
        run_started(20),
    ):
        append(run.events, encode(event))
    append(run.events, b"{torn\n")
    for event in (losses_measured(40), losses_measured(60), epoch_ended(60)):
        append(run.events, encode(event))
    return run


def live_run(folder: Path, name: str = "one", **changes: object) -> Run:
    """Make such a run whose last event is never too old for one that trains."""
    run = explored_run(folder, name, **changes)
    append(run.events, encode(replace(losses_measured(NEWEST), time=FAR_AHEAD)))
    return run


def run_started(step: int) -> Event:
    return RunStarted(
        time=float(step), step=step, device="cpu", precision="fp32", images=600,
        parameters=1, steps_per_epoch=20, pid=1, world_size=1,
    )  # fmt: skip


def losses_measured(step: int) -> Event:
    return LossesMeasured(
        time=100.0 + step, step=step, epoch=step / 20, bce=200.0 - step, kl=step / 4,
        beta=1.0, lr=0.001, images_per_second=1000.0,
    )  # fmt: skip


def epoch_ended(step: int) -> Event:
    return EpochEnded(
        time=100.5 + step, step=step, epoch=step // 20,
        train_bce=float("nan") if step == 0 else 190.0, train_kl=3.0,
        test_bce=180.5, test_kl=4.0, test_bce_at_mean=170.25,
        kl_per_dimension=(1.0, 2.0, 0.5, 0.5), active_units=3, seconds=2.5,
    )  # fmt: skip


def called(*lines: list[str]) -> list[tuple[int, str, str]]:
    """Return exit code, stdout and stderr of each command line, run in this process."""
    return [called_once(line) for line in lines]


def called_once(line: list[str]) -> tuple[int, str, str]:
    from vae_tui.cli.main import main

    out, err, threads = io.StringIO(), io.StringIO(), torch.get_num_threads()
    with (
        mock.patch("sys.argv", ["vae-tui", *line]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as leaving,
    ):
        main()
    torch.set_num_threads(threads)
    return leaving.value.code, out.getvalue(), err.getvalue()


def pixels(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture)
