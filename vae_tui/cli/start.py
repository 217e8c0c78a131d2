"""Creating a run with its data set, or resuming one."""

import dataclasses
import importlib.util
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.cli.console import progress_bar
from vae_tui.cli.options import folder_for_data, folder_of_data, plain_runs_dir
from vae_tui.errors import UsageError
from vae_tui.run.config import TENSORBOARD_MISSING, RunConfig

if TYPE_CHECKING:
    from vae_tui.run.folder import Run


def create_run(
    dataset: str,
    data_dir: Path | None,
    runs_dir: Path,
    name: str | None,
    offline: bool,
    **settings: Any,
) -> tuple["Run", RunConfig]:
    """Create a run's folder; download its data set if that is missing."""
    from vae_tui.cli.cores import default_threads
    from vae_tui.data import catalogue
    from vae_tui.run.runs_folder import check_name, create

    folder = folder_for_data(data_dir).absolute()
    chosen = catalogue.DATASETS[catalogue.resolve(dataset, folder)]
    if settings["epochs"] is None:
        settings["epochs"] = chosen.default_epochs
    if settings["hidden"] is None:
        settings["hidden"] = settings["latent_dim"] ** 2
    settings |= {"dataset": chosen.name, "data_dir": str(folder), "image_shape": chosen.shape}
    config = RunConfig(**settings)
    _check_device(config.device)
    _check_processes(config.nproc, config.device)
    if not config.threads:
        config = dataclasses.replace(config, threads=default_threads(config.nproc))
    check_name(name)
    _check_tensorboard(config)
    if not catalogue.is_present(chosen.name, folder):
        _fetch(chosen.name, folder, offline)
    return create(runs_dir, name, config), config


def resume_run(
    run: "Run", data_dir: Path | None, settings: dict[str, float]
) -> tuple[RunConfig, int]:
    """Start a trainer from the run's last save; return its config and the offset of new events."""
    from vae_tui.run.control import RunSteering, pending_settings
    from vae_tui.run.summary import summarise

    config = run.config()
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir))
    _check_tensorboard(config)
    known = summarise(run)
    requested = {one.setting: one.value for one in pending_settings(run)} | settings
    if known.state == "finished" and requested.get("epochs", 0) <= known.epochs:
        reference = run.reference(plain_runs_dir())
        raise UsageError(
            f"{run.name} has finished its {known.epochs} epochs; "
            f"train longer with: vae-tui train --resume {reference} --epochs {known.epochs * 2}"
        )
    before = run.events.stat().st_size if run.events.exists() else 0
    RunSteering(run, config).restart(**settings)
    return config, before


def given_to_resume() -> dict[str, float]:
    """Return the settings given with ``--resume``; UsageError for those that cannot change."""
    from click.core import ParameterSource

    from vae_tui.run.config import SETTINGS, check_number

    context = click.get_current_context()
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    kept = {"resumed", "runs_dir", "data_dir", "headless", "as_json", "fps", "notify"}
    for name in given.keys() - {*SETTINGS, *kept}:
        raise UsageError(
            f"--{name.replace('_', '-')} cannot change when a run is resumed; "
            f"--{', --'.join(SETTINGS)} can"
        )
    settings = {name: float(given[name]) for name in SETTINGS if name in given}
    for name, value in settings.items():
        check_number(name, value)
    return settings


def _fetch(dataset: str, folder: Path, offline: bool) -> None:
    from rich.progress import DownloadColumn, TransferSpeedColumn

    from vae_tui.data.download import fetch

    with progress_bar(f"fetching {dataset}", DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task("", total=None)
        fetch(
            dataset,
            folder,
            lambda done, total: bar.update(task, completed=done, total=total),
            offline=offline,
        )


def _check_tensorboard(config: RunConfig) -> None:
    """Raise UsageError if the run writes TensorBoard's files and the package is missing."""
    if config.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise UsageError(TENSORBOARD_MISSING)


def _check_device(name: str) -> None:
    """Raise UsageError, naming the nearest valid value, for a device that does not exist."""
    if name.startswith("cuda"):
        count = _cuda_devices()
        index = int(name.partition(":")[2] or 0)
        if count == 0:
            raise UsageError(f"--device {name}: there is no CUDA device here; use --device cpu")
        if index >= count:
            raise UsageError(
                f"--device {name}: there are {count} CUDA devices; use --device cuda:{count - 1}"
            )
    if name == "mps" and (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        raise UsageError("--device mps: there is no Apple GPU here; use --device cpu")


def _check_processes(count: int, device: str) -> None:
    """Raise UsageError unless each of ``count`` processes has a CUDA device, or else a core."""
    if count == 1:  # the driver takes a moment to answer
        return
    devices = _cuda_devices() if device in ("auto", "cuda") else 0
    most, what = (devices, "CUDA devices") if devices else (os.cpu_count() or 1, "cores")
    if count > most:
        raise UsageError(f"--nproc {count}: there are {most} {what}; the nearest is {most}")


def _cuda_devices() -> int:
    from vae_tui.doctor.cuda_driver import read_cuda_driver  # importing torch takes seconds

    driver = read_cuda_driver()
    return driver.devices if driver else 0
