"""The data set that ``--dataset`` names."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_tui.cli.console import print_error, progress_bar
from vae_tui.cli.data_set.memory_plan import plan_memory
from vae_tui.data import catalogue
from vae_tui.errors import UsageError

_FEWEST_EPOCHS, _MOST_EPOCHS = 20, 150
_IMAGES_IN_ALL = 1_200_000
"""Images in all default epochs together, within the limits above: as for the known data sets."""
_FEWEST_STEPS = 3
"""With fewer steps an epoch, a smaller batch is advised."""


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

    ``size`` and ``channels`` are the options: pixels a side, and auto, 1 or 3. UsageError if there
    is no such data set.
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

    def make_present() -> None:
        images = convert_images(source, shape, folder, plan)
        if hint := few_steps(images, batch_size):
            print_error(hint)

    return ChosenData(settings, epochs, make_present)


def few_steps(images: int, batch_size: int) -> str:
    """Return advice for so few ``images`` to train on that an epoch has few steps; else nothing.

    Measured with 180 emoji, the default network and --reconstruction gaussian, 150 epochs: the
    lowest test loss was -1,065 nats with batches of 256, still falling; -1,351 in epoch 72 with
    64; -1,207 in epoch 23 with 16. With 64 and 16 it rose to thousands after that.
    """
    if batch_size == 1 or images > (_FEWEST_STEPS - 1) * batch_size:
        return ""
    steps, smaller = math.ceil(images / batch_size), batch_size
    while smaller > 1 and images <= (_FEWEST_STEPS - 1) * smaller:
        smaller //= 2
    return (
        f"{images:,} training images are {steps} step{'s'[: steps > 1]} an epoch with --batch-size "
        f"{batch_size}: {smaller} learns faster; so few are soon overfitted, watch the test loss"
    )


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
