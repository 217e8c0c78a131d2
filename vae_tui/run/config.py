"""The contents of ``config.json``: everything needed to repeat a run, checked once."""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_tui.errors import UsageError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.run.untrusted import json_object
from vae_tui.text import did_you_mean, preview

MODELS = ("vae", "ae")
RECONSTRUCTIONS = ("bce", "mse", "gaussian")
PRECISIONS = ("auto", "fp32", "tf32", "bf16")
KL_SCHEDULES = ("constant", "linear", "cyclical")
ARCHITECTURES = ("mlp", "conv")
SETTINGS = ("beta", "lr", "epochs")
"""The fields that can be changed while a run trains."""
TENSORBOARD_MISSING = (
    "--tensorboard needs the package tensorboard; install it: pip install 'vae-tui[tensorboard]'"
)

_WRITTEN_BY_ALL_VERSIONS = (
    *("batch_size", "lr", "beta", "warmup", "latent_dim", "hidden", "model", "reconstruction"),
    *("seed", "device", "precision", "nproc"),
)
_WRITTEN_LATER = "architecture"
"""Without it, a file may be written by hand: fields that are missing have their defaults."""
_LONGEST_PATH = 4_096
_DATASET = re.compile(r"[a-z0-9-]{1,40}")
_CHECKSUM = re.compile(r"[0-9a-f]{16,64}")
_MOST_CLASSES, _LONGEST_NAME = 256, 255
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Limits:
    """The range of an option's values; ``low`` itself is excluded when ``above``."""

    low: float
    high: float
    above: bool = False

    def __contains__(self, value: float) -> bool:
        return value <= self.high and (value > self.low if self.above else value >= self.low)


RANGES: Mapping[str, Limits] = {
    "epochs": Limits(1, 1_000_000),
    "batch_size": Limits(1, 1_000_000),
    "lr": Limits(0, 10, above=True),
    "beta": Limits(0, 1e6),
    "warmup": Limits(0, 1_000_000),
    "free_bits": Limits(0, 100),
    "latent_dim": Limits(1, DEFAULT_SHAPE.pixels),
    "hidden": Limits(1, 65_536),
    "seed": Limits(0, 2**63 - 1),
    "nproc": Limits(1, 1024),
    "threads": Limits(0, 1024),
    "shuffle_block": Limits(0, 10**9),
    "shuffle_window": Limits(0, 10**9),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """The settings a run was created with. Raises UsageError for a value out of range."""

    dataset: str
    """Name of a data set in the catalogue, never ``auto``; or the path of a user's own images."""
    data_dir: str
    epochs: int
    batch_size: int = 256
    lr: float = 1e-3
    beta: float = 1.0
    warmup: float = 0.0
    """Epochs over which beta rises from 0; with a cyclical schedule, the epochs of a cycle."""
    kl_schedule: str = "linear"
    free_bits: float = 0.0
    """Nats; a dimension's KL below it adds a constant to the loss, and has no gradient."""
    latent_dim: int = 20
    hidden: int = 400
    model: str = "vae"
    reconstruction: str = "bce"
    seed: int = 1
    device: str = "auto"
    precision: str = "auto"
    nproc: int = 1
    threads: int = 0
    """CPU threads of each process; 0 in configs of older versions: torch's default."""
    architecture: str = "mlp"
    image_shape: ImageShape = DEFAULT_SHAPE
    data_checksum: str = ""
    """Names a user's own images in the data folder, as they were when the run began."""
    classes: tuple[str, ...] = ()
    """Names of the classes of a user's own images."""
    tensorboard: bool = False
    """Write TensorBoard's event files too."""
    shuffle_block: int = 0
    """Images in a block: blocks are put in random order, then each window is shuffled."""
    shuffle_window: int = 0
    """Images in memory at a time, a multiple of the batch size; 0: all, shuffled as a whole."""

    def __post_init__(self) -> None:
        if not _is_path(self.data_dir):
            raise UsageError(f"--data-dir {self.data_dir[:40]!r} is not a path")
        if not _DATASET.fullmatch(self.dataset) and not self._has_own_images():
            raise UsageError(f"--dataset {self.dataset[:40]!r} is not the name of a data set")
        for name in RANGES:
            check_number(name, getattr(self, name))
        check_choice("model", self.model, MODELS)
        check_choice("architecture", self.architecture, ARCHITECTURES)
        check_choice("reconstruction", self.reconstruction, RECONSTRUCTIONS)
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("kl_schedule", self.kl_schedule, KL_SCHEDULES)
        if self.kl_schedule == "cyclical" and not self.warmup:
            raise UsageError("--kl-schedule cyclical needs --warmup, the epochs of a cycle; try 10")
        if self.kl_schedule == "constant" and self.warmup:
            raise UsageError("--kl-schedule constant has no --warmup; omit one of the two")
        if self.free_bits and self.model == "ae":
            raise UsageError("--free-bits needs a KL in the loss; --model ae has none; omit one")
        in_blocks = self.shuffle_block > 0 or not self.shuffle_window
        if self.shuffle_window % self.batch_size or not in_blocks:
            raise UsageError(
                f"shuffle_window {self.shuffle_window} should be a multiple of the batch size, "
                f"{self.batch_size}, and shuffle_block above 0"
            )
        if not _DEVICE.fullmatch(self.device):
            check_choice("device", self.device, ("auto", "cpu", "cuda", "cuda:0", "mps"))

    @property
    def data_name(self) -> str:
        """Name of the data set to show: of a path the last part."""
        return Path(self.dataset).stem if self.data_checksum else self.dataset

    def _has_own_images(self) -> bool:
        is_absolute = _is_path(self.dataset) and self.dataset.startswith("/")
        return is_absolute and bool(_CHECKSUM.fullmatch(self.data_checksum))


def _is_path(text: str) -> bool:
    try:
        return len(os.fsencode(text)) <= _LONGEST_PATH and "\0" not in text
    except UnicodeEncodeError:  # a lone surrogate
        return False


def check_number(name: str, value: float, limits: Limits | None = None) -> None:
    """Raise UsageError unless ``value`` is in ``limits``, by default the option's in `RANGES`."""
    limits = limits or RANGES[name]
    if value in limits:
        return
    low, high = _shown(limits.low), _shown(limits.high)
    if value > limits.high:
        expected, hint = f"{high} or less", f"the nearest is {high}"
    elif limits.above:
        default = {field.name: field.default for field in dataclasses.fields(RunConfig)}[name]
        expected, hint = f"above {low}", f"try {default}"
    else:
        expected, hint = f"{low} or more", f"the nearest is {low}"
    raise UsageError(f"{_option(name)} must be {expected}, not {_shown(value)}; {hint}")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise UsageError, with the nearest choice, unless ``value`` is one of ``choices``."""
    if value in choices:
        return
    hint = did_you_mean(value, choices, f"it can be {', '.join(choices)}")
    raise UsageError(f"{_option(name)} {value[:40]!r}: {hint}")


def to_json(config: RunConfig, **more: Any) -> str:
    """Return the text of ``config.json``: the settings, then ``more`` fields."""
    settings = {**dataclasses.asdict(config), "image_shape": str(config.image_shape)}
    return json.dumps({**settings, **more}, indent=2) + "\n"


def from_json(text: str) -> RunConfig:
    """Return the config of the text of ``config.json``; unknown fields are ignored.

    Fields that older versions did not write have their defaults. UsageError unless the text is
    JSON and every other field is there, of its type and in range.
    """
    try:
        raw = json_object(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON: {error}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    values: dict[str, Any] = {}
    for field in dataclasses.fields(RunConfig):
        if field.name in raw:
            values[field.name] = _typed(field.name, raw[field.name], field.type)
        elif field.default is dataclasses.MISSING or (
            _WRITTEN_LATER in raw and field.name in _WRITTEN_BY_ALL_VERSIONS
        ):
            raise UsageError(f"{field.name} is missing")
    return RunConfig(**values)


def _typed(name: str, value: object, kind: object) -> object:
    try:
        if kind is ImageShape:
            return ImageShape.parse(value)
        if kind == tuple[str, ...]:
            return _names(name, value)
        if type(value) not in ((int, float) if kind is float else (kind,)):
            expected = getattr(kind, "__name__", kind)
            raise UsageError(f"{name} should be {expected}, not {preview(value)}")
        return float(value) if kind is float and isinstance(value, (int, float)) else value
    except OverflowError:
        raise UsageError(f"{name} is too large") from None
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _names(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and len(value) <= _MOST_CLASSES:
        names = tuple(one for one in value if isinstance(one, str) and len(one) <= _LONGEST_NAME)
        if len(names) == len(value):
            return names
    raise UsageError(f"{name} should be at most {_MOST_CLASSES} names, not {preview(value)}")


def _shown(number: float) -> str:
    """Return a number as a user can type it; integers never as 1e+06."""
    return f"{number:g}" if isinstance(number, float) else f"{number!s:.40}"


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
