"""Creating a run with its data set, or resuming one."""

import contextlib
import dataclasses
import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from vae_tui.cli.console import print_lines
from vae_tui.cli.cores import check_device, check_precision, check_processes, default_threads
from vae_tui.cli.data_set.folders import folder_for_data, folder_of_data
from vae_tui.cli.options import plain_runs_dir
from vae_tui.errors import UsageError
from vae_tui.run.config import SETTINGS, TENSORBOARD_MISSING, RunConfig, check_number
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import NameTaken, check_name, create, find, holds_run

if TYPE_CHECKING:
    from vae_tui.training.distributed.launch import Launch

_ATTEMPTS, _ATTEMPT_SECONDS = 100, 0.05
"""While another process creates the run's folder, and its config."""
_CHOSEN_ONCE = {("dataset", "auto"), ("architecture", "auto")}
"""Options whose choice was made when the run was created."""
_NOT_OF_THE_RUN = {
    *("resumed", "or_resume", "name", "runs_dir", "data_dir", "offline"),
    *("headless", "as_json", "fps", "notify", "nproc"),
}
"""Options of ``train`` that are not compared with those of the run that is resumed."""


class Begun(NamedTuple):
    """A run to follow."""

    run: Run
    config: RunConfig
    offset: int = 0
    """Of the new events in the log, bytes."""
    is_new: bool = True
    """It has no trainer yet."""


def begin(settings: dict[str, Any]) -> Begun | None:
    """Create the run that the options of ``train`` describe, or resume one.

    None if there is nothing to do: with --or-resume, a run that has finished.
    """
    resumed, or_resume = settings.pop("resumed"), settings.pop("or_resume")
    if resumed:
        run = find(settings["runs_dir"], resumed)
        config, offset = resume_run(
            run, settings["data_dir"], given_to_resume(), nproc=_given_processes()
        )
        return Begun(run, config, offset, is_new=False)
    if not or_resume:
        return Begun(*create_run(**settings))
    found = _find_or_create(settings, _ATTEMPTS)
    return found if found.is_new else _go_on(found.run, settings["data_dir"])


def begin_as_rank(settings: dict[str, Any], launch: "Launch") -> Begun | None:
    """Create or find the run that this process trains together with others; as `begin`.

    Rank 0 creates it; the others wait for that. None of them starts a trainer: each becomes one.
    """
    from vae_tui.run.control import change_settings

    del settings["resumed"], settings["or_resume"]
    attempts = _ATTEMPTS if launch.rank == 0 else int(launch.timeout / _ATTEMPT_SECONDS)
    found = _find_or_create(settings, attempts, may_create=launch.rank == 0)
    if found.is_new:
        return found
    changes = _changes(found.run)
    if changes is None:
        return None
    if launch.rank == 0 and not found.run.is_live():  # else the lock refuses this trainer
        change_settings(found.run, changes)
    data_dir = folder_of_data(found.config, settings["data_dir"])
    return found._replace(config=dataclasses.replace(found.config, data_dir=data_dir))


def _find_or_create(settings: dict[str, Any], attempts: int, *, may_create: bool = True) -> Begun:
    """Return the run of --name; it is new if this process created it."""
    name: str | None = settings["name"]
    if name is None:
        raise UsageError("--or-resume needs the run's --name")
    check_name(name)
    folder = settings["runs_dir"] / name
    for _ in range(attempts):
        if holds_run(folder):
            run = Run(folder.absolute())
            return Begun(run, run.config(), is_new=False)
        if may_create:
            with contextlib.suppress(NameTaken):  # another process creates it
                return Begun(*create_run(**settings))
        time.sleep(_ATTEMPT_SECONDS)
    if not may_create:
        raise UsageError(f"{folder} holds no run: rank 0 has not created it")
    with contextlib.suppress(OSError):
        folder.rmdir()  # an empty folder: a job was killed while it created the run
    return Begun(*create_run(**settings))


def create_run(
    dataset: str,
    data_dir: Path | None,
    runs_dir: Path,
    name: str | None,
    offline: bool,
    size: int | None = None,
    channels: str = "auto",
    **settings: Any,
) -> tuple[Run, RunConfig]:
    """Create a run's folder; download or convert its data set if that is missing."""
    from vae_tui.cli.data_set.choice import choose_data_set
    from vae_tui.model import ARCHITECTURES, choose_architecture

    folder = folder_for_data(data_dir).absolute()
    chosen = choose_data_set(
        dataset, folder, size, channels, batch_size=settings["batch_size"], offline=offline
    )
    if settings["epochs"] is None:
        settings["epochs"] = chosen.default_epochs
    settings |= {"data_dir": str(folder), **chosen.settings}
    architecture = choose_architecture(settings["architecture"], settings["image_shape"])
    settings["architecture"] = architecture
    if settings["hidden"] is None:
        settings["hidden"] = ARCHITECTURES[architecture].default_hidden(settings["latent_dim"])
    config = RunConfig(**settings)
    check_device(config.device)
    check_processes(config.nproc, config.device)
    check_precision(config.precision, config.device)
    if not config.threads:
        config = dataclasses.replace(config, threads=default_threads(config.nproc))
    check_name(name)
    _check_tensorboard(config)
    chosen.make_present()
    return create(runs_dir, name, config), config


def resume_run(
    run: Run,
    data_dir: Path | None,
    settings: dict[str, float],
    *,
    force: bool = False,
    nproc: int | None = None,
) -> tuple[RunConfig, int]:
    """Start a trainer from the run's last save; return its config and the offset of new events.

    It has ``nproc`` processes, or as many as the run was created with.
    """
    from vae_tui.run.control import RunSteering, pending_settings
    from vae_tui.run.summary import summarise

    config = config_here(run.config(), data_dir)
    if nproc is not None:
        config = dataclasses.replace(config, nproc=nproc)
        check_processes(nproc, config.device)
    known = summarise(run)
    requested = {one.setting: one.value for one in pending_settings(run)} | settings
    if known.state == "finished" and requested.get("epochs", 0) <= known.epochs:
        reference = run.reference(plain_runs_dir())
        raise UsageError(
            f"{run.name} has finished all its epochs ({known.epochs}); "
            f"train longer with: vae-tui train --resume {reference} --epochs {known.epochs * 2}"
        )
    before = run.events_size()
    RunSteering(run, config, force).restart(**settings)
    return config, before


def config_here(config: RunConfig, data_dir: Path | None = None) -> RunConfig:
    """Return a run's config with the folder of its data set on this machine.

    VaeTuiError if the data set, the device or a package that the run needs is missing here.
    """
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir))
    _check_tensorboard(config)
    try:
        check_device(config.device)
    except UsageError as error:  # its advice is for a new run
        raise UsageError(f"the run has {str(error).partition(';')[0]}") from None
    return config


def _go_on(run: Run, data_dir: Path | None) -> Begun | None:
    """Resume a run that a job with the same options began; None if it has finished."""
    changes = _changes(run)
    if changes is None:
        return None
    config, offset = resume_run(run, data_dir, changes, nproc=_given_processes())
    return Begun(run, config, offset, is_new=False)


def _changes(run: Run) -> dict[str, float] | None:
    """Return the settings that the options change of the run; None if it has finished."""
    from vae_tui.run.summary import summarise

    config, settings = run.config(), {}
    for name, value in _given().items():
        known = _known(config, name, value)
        is_same_path = name == "dataset" and str(Path(value).expanduser().absolute()) == known
        if value == known or is_same_path or (name, value) in _CHOSEN_ONCE:
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
        print_lines(f"{run.name} has finished all its epochs ({summary.epochs})")
        return None
    return settings


def _known(config: RunConfig, name: str, value: Any) -> Any:
    """Return a run's value of an option of ``train``; ``value`` where the option sets none."""
    match name:
        case "size":
            return config.image_shape.height
        case "channels":
            return value if value == "auto" else str(config.image_shape.channels)
        case _:
            return getattr(config, name, value)


def _given_processes() -> int | None:
    """Return the number of processes if it is given; None for the run's own."""
    from click.core import ParameterSource

    context = click.get_current_context()
    if context.get_parameter_source("nproc") is ParameterSource.DEFAULT:
        return None
    return int(context.params["nproc"])


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


def _check_tensorboard(config: RunConfig) -> None:
    """Raise UsageError if the run writes TensorBoard's files and the package is missing."""
    if config.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise UsageError(TENSORBOARD_MISSING)
