"""The data set that ``--dataset`` names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_tui.cli.console import progress_bar
from vae_tui.cli.data_set.memory_plan import plan_memory
from vae_tui.data import catalogue
from vae_tui.errors import UsageError

_FEWEST_EPOCHS, _MOST_EPOCHS = 20, 150
_IMAGES_IN_ALL = 1_200_000
"""Images in all epochs together by default, within the limits above: as for the known data sets."""


@dataclass(frozen=True, slots=True)
class ChosenData:
    """A data set for a new run."""

    settings: Mapping[str, Any]
    """The fields of the run's config that it decides."""
    default_epochs: int
    make_present: Callable[[], object]
    """Downloads or converts what is missing."""


def choose_data_set(
    dataset: str, folder: Path, size: int | None, channels: str, *, batch_size: int, offline: bool
) -> ChosenData:
    """Return the data set of this name or path; nothing is fetched or converted yet.

    ``size`` and ``channels`` are the options: pixels a side, and auto, 1 or 3.

    UsageError if there is none.
    """
    if catalogue.is_path(dataset):
        return _own(Path(dataset), folder, size, channels, batch_size)
    chosen = catalogue.DATASETS[catalogue.resolve(dataset, folder)]
    if size not in (None, chosen.shape.height):
        raise UsageError(f"--size {size}: {chosen.title} has images of {chosen.shape}; omit it")
    if channels not in ("auto", str(chosen.shape.channels)):
        raise UsageError(
            f"--channels {channels}: {chosen.title} has images of {chosen.shape}; omit it"
        )

    def make_present() -> None:
        if not catalogue.is_present(chosen.name, folder):
            _fetch(chosen.name, folder, offline)

    settings = {"dataset": chosen.name, "image_shape": chosen.shape}
    return ChosenData(settings, chosen.default_epochs, make_present)


def _own(path: Path, folder: Path, size: int | None, channels: str, batch_size: int) -> ChosenData:
    from vae_tui.cli.data_set.own_images import convert_images, look_at
    from vae_tui.data.own.convert import checksum_of
    from vae_tui.run.machine.memory import available_memory

    source, shape = look_at(path, size, channels)
    plan = plan_memory(len(source), shape, batch_size, available_memory())
    settings = {
        "dataset": str(source.path),
        "image_shape": shape,
        "data_checksum": checksum_of(source, shape),
        "classes": source.classes,
        "shuffle_block": plan.shuffle_block,
        "shuffle_window": plan.shuffle_window,
    }
    epochs = min(max(_IMAGES_IN_ALL // len(source), _FEWEST_EPOCHS), _MOST_EPOCHS)
    return ChosenData(settings, epochs, lambda: convert_images(source, shape, folder, plan))


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
