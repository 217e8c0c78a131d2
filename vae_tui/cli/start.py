"""Creating a run with its data set, or resuming one."""

import contextlib
import dataclasses
import importlib.util
import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from vae_tui.cli.console import print_lines, progress_bar
from vae_tui.cli.options import folder_for_data, folder_of_data, plain_runs_dir
from vae_tui.errors import UsageError
from vae_tui.run.config import TENSORBOARD_MISSING, RunConfig

if TYPE_CHECKING:
    from vae_tui.run.folder import Run

_ATTEMPTS, _ATTEMPT_SECONDS = 100, 0.05
"""While another process creates the run's folder, and its config."""
_NOT_OF_THE_RUN = {
    *("resumed", "or_resume", "name", "runs_dir", "data_dir", "offline"),
    *("headless", "as_json", "fps", "notify"),
}
"""Options of ``train`` that say nothing about the training."""


class Begun(NamedTuple):
    """A run to follow."""

    run: "Run"
    config: RunConfig
    offset: int = 0
    """Of the new events in the log, bytes."""
    is_new: bool = True
    """It has no trainer yet."""


def begin(settings: dict[str, Any]) -> Begun | None:
    """Create the run that the options of ``train`` describe, or resume one.

    None if there is nothing to do: with --or-resume, a run that has finished.
    """
    from vae_tui.run.folder import Run
    from vae_tui.run.runs_folder import NameTaken, check_name, find, holds_run

    resumed, or_resume = settings.pop("resumed"), settings.pop("or_resume")
    name: str | None = settings["name"]
    if resumed:
        run = find(settings["runs_dir"], resumed)
        config, offset = resume_run(run, settings["data_dir"], given_to_resume())
        return Begun(run, config, offset, is_new=False)
    if not or_resume:
        return Begun(*create_run(**settings))
    if name is None:
        raise UsageError("--or-resume needs the run's --name")
    check_name(name)
    folder = settings["runs_dir"] / name
    for _ in range(_ATTEMPTS):
        if holds_run(folder):
            return _go_on(Run(folder.absolute()), settings["data_dir"])
        try:
            return Begun(*create_run(**settings))
        except NameTaken:  # another process creates it
            time.sleep(_ATTEMPT_SECONDS)
    with contextlib.suppress(OSError):
        folder.rmdir()  # an empty folder: a job was killed while it created the run
    return Begun(*create_run(**settings))


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
    _check_precision(config.precision, config.device)
    if not config.threads:
        config = dataclasses.replace(config, threads=default_threads(config.nproc))
    check_name(name)
    _check_tensorboard(config)
    if not catalogue.is_present(chosen.name, folder):
        _fetch(chosen.name, folder, offline)
    return create(runs_dir, name, config), config


def resume_run(
    run: "Run", data_dir: Path | None, settings: dict[str, float], *, force: bool = False
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
    RunSteering(run, config, force).restart(**settings)
    return config, before


def _go_on(run: "Run", data_dir: Path | None) -> Begun | None:
    """Resume a run that a job with the same options began; None if it has finished."""
    from vae_tui.run.config import SETTINGS, check_number
    from vae_tui.run.summary import summarise

    config, settings = run.config(), {}
    for name, value in _given().items():
        known = getattr(config, name, value)
        if value == known or (name, value) == ("dataset", "auto"):
            continue
        if name not in SETTINGS:
            raise UsageError(
                f"--{name.replace('_', '-')} {value}: {run.name} has {known}, which cannot change "
                "when it is resumed; give another --name"
            )
        settings[name] = float(value)
        check_number(name, settings[name])
    summary = summarise(run)
    if summary.state == "finished" and settings.get("epochs", 0) <= summary.epochs:
        print_lines(f"{run.name} has finished its {summary.epochs} epochs")
        return None
    config, offset = resume_run(run, data_dir, settings)
    return Begun(run, config, offset, is_new=False)


def _given() -> dict[str, Any]:
    """Return the options that are on the command line, but for those that are not the run's."""
    from click.core import ParameterSource

    context = click.get_current_context()
    return {
        name: value
        for name, value in context.params.items()
        if name not in _NOT_OF_THE_RUN
        and context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def given_to_resume() -> dict[str, float]:
    """Return the settings given with ``--resume``; UsageError for those that cannot change."""
    from vae_tui.run.config import SETTINGS, check_number

    given = _given()
    for name in given.keys() - {*SETTINGS}:
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


def _check_precision(precision: str, device: str) -> None:
    """Raise UsageError for TF32 where no NVIDIA GPU computes."""
    if precision == "tf32" and (device in ("cpu", "mps") or not _cuda_devices()):
        raise UsageError("--precision tf32: only an NVIDIA GPU computes in it; use fp32")


def _cuda_devices() -> int:
    from vae_tui.doctor.cuda_driver import read_cuda_driver  # importing torch takes seconds

    driver = read_cuda_driver()
    return driver.devices if driver else 0
