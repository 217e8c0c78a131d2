"""Creating a run with its data set, or resuming one."""

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.cli.options import folder_of_data
from vae_tui.errors import UsageError
from vae_tui.run.config import RunConfig

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
    from platformdirs import user_cache_path

    from vae_tui.cli.device_check import check_device, check_processes
    from vae_tui.data import catalogue
    from vae_tui.run.cores import default_threads
    from vae_tui.run.runs_folder import check_name, create

    folder = (data_dir or user_cache_path("vae-tui")).absolute()
    chosen = catalogue.resolve(dataset, folder)
    if settings["epochs"] is None:
        settings["epochs"] = catalogue.DATASETS[chosen].default_epochs
    if settings["hidden"] is None:
        settings["hidden"] = settings["latent_dim"] ** 2
    config = RunConfig(
        dataset=chosen,
        data_dir=str(folder),
        image_shape=catalogue.DATASETS[chosen].shape,
        **settings,
    )
    check_device(config.device)
    check_processes(config.nproc, config.device)
    if not config.threads:
        config = dataclasses.replace(config, threads=default_threads(config.nproc))
    check_name(name)
    if not catalogue.is_present(chosen, folder):
        _fetch(chosen, folder, offline)
    return create(runs_dir, name, config), config


def resume_run(
    runs_dir: Path, data_dir: Path | None, name: str, settings: dict[str, float]
) -> tuple["Run", RunConfig, int]:
    """Start a trainer from a run's last save; return run, config and the offset of new events."""
    from vae_tui.run.control import RunSteering
    from vae_tui.run.runs_folder import find
    from vae_tui.run.summary import summarise

    run = find(runs_dir, name)
    config = run.config()
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir))
    known = summarise(run)
    if known.state == "finished" and settings.get("epochs", 0) <= known.epochs:
        raise UsageError(
            f"{run.name} has finished its {known.epochs} epochs; "
            f"train longer with: vae-tui train --resume {run.name} --epochs {known.epochs * 2}"
        )
    before = run.events.stat().st_size if run.events.exists() else 0
    RunSteering(run, config).restart(**settings)
    return run, config, before


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
    kept = {"resumed", "runs_dir", "data_dir", "headless", "as_json", "fps"}
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
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from vae_tui.data.download import fetch

    if offline:
        fetch(dataset, folder, lambda done, total: None, offline=True)
    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    bars = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn())
    with Progress(*bars, TransferSpeedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(dataset, total=None)
        fetch(
            dataset,
            folder,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
