"""The facts that a trainer reports; one line of JSON each in ``events.jsonl``."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from vae_tui.run import series
from vae_tui.run.config import RANGES
from vae_tui.run.untrusted import as_float, as_int, as_text, json_object
from vae_tui.text import preview

FURTHEST_EPOCH = 1e15
"""Larger epochs are refused: a chart could not place them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a run."""

    time: float
    """Unix seconds."""
    step: int
    """Optimiser steps taken when it happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A trainer started at ``step``; earlier events of later steps are void."""

    device: str
    precision: str
    images: int
    parameters: int
    steps_per_epoch: int
    pid: int
    world_size: int
    threads: int = 0
    """CPU threads of each process; 0 in logs of older versions."""
    host: str = ""
    """The machine of rank 0; empty in logs of older versions, as `device_name`."""
    device_name: str = ""
    """The GPU's or processor's name."""
    gradient: str = ""
    """How the gradient is computed, ``handwritten`` or ``autograd``; empty in older logs."""
    restarts: int = 0
    """How often torchrun has started its processes again."""
    commands_from: int = -1
    """Bytes of ``commands.jsonl`` sent to earlier trainers; -1 in logs of older versions."""
    epochs: int = 0
    test_images: int = 0
    floor: float = math.nan
    """Reconstruction loss of a perfect copy of the test images, nats per image."""
    collapse: float = math.nan
    """Reconstruction loss of the mean training image, nats per image: the codes are not used."""
    image_shape: str = ""
    """``ImageShape`` as text; empty in the logs of older versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Event):
    """Values of series, all measured at the same time."""

    more: Mapping[str, float] = field(default_factory=dict)
    """Series of the table that have no field here, by name; in JSON they are fields too."""

    def value(self, name: str) -> Any:
        """Return the value of a series, NaN where there is none."""
        value = getattr(self, name, None)
        return self.more.get(name, math.nan) if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class LossesMeasured(Measurement):
    """Means since the last such event, nats per image."""

    epoch: float
    bce: float
    """The reconstruction term: BCE, or what ``--reconstruction`` names instead."""
    kl: float
    beta: float
    lr: float
    images_per_second: float
    """Over the time of training steps only, without tests and saves."""
    memory_bytes: int = 0
    """In use on the device; of the process on the CPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEnded(Measurement):
    """An epoch's mean training losses and the test losses; epoch 0 is the untrained network."""

    epoch: int
    train_bce: float
    train_kl: float
    test_bce: float
    """With z sampled."""
    test_kl: float
    test_bce_at_mean: float
    """With z at the posterior's mean."""
    kl_per_dimension: tuple[float, ...]
    active_units: int
    seconds: float
    """Of the epoch's training steps only, without tests and saves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineMeasured(Event):
    """What all programs together use of rank 0's machine; NaN where it is not known.

    The tuples have one value for each GPU of the run in that machine. Bytes are whole MiB.
    """

    cpu_percent: float = math.nan
    """Of all cores."""
    memory_used_bytes: float = math.nan
    memory_total_bytes: float = math.nan
    gpu_percent: tuple[float, ...] = ()
    gpu_memory_used_bytes: tuple[float, ...] = ()
    gpu_memory_total_bytes: tuple[float, ...] = ()
    gpu_other_bytes: tuple[float, ...] = ()
    """Used by other processes than the run's."""
    gpu_celsius: tuple[float, ...] = ()
    gpu_watts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSaved(Event):
    """The weights of ``step`` can be read."""

    path: str
    """Inside the run folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """Training waits; ``why`` is empty when a command requested it."""

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """Training continues after a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(Event):
    """A setting took a new value from ``step`` on."""

    name: str
    old: float
    new: float
    command_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Event):
    """A command was not carried out."""

    command_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSlowed(Event):
    """Other programs slow the training down; reported once."""

    why: str
    """The cause, and what helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverged(Event):
    """A loss was no longer finite."""

    what: str
    last_good_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """The trainer ended: ``finished``, ``stopped``, ``preempted`` or ``failed``."""

    reason: str
    message: str = ""


def encode(event: Event) -> bytes:
    """Return the event as one line of strict JSON; NaN and infinities become null."""
    record = {"event": KINDS[type(event)], **asdict(event)}
    record |= record.pop("more", {})
    return json.dumps(finite(record), separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Event | None:
    """Return the event of a line, or None for a kind that this version does not know.

    ValueError when the line is not JSON, or a field is missing or of another type.
    """
    record = json_object(line)
    if not isinstance(record.get("event"), str):
        raise ValueError("not an event")
    if (event_type := _TYPE_OF.get(record["event"])) is None:
        return None
    try:
        readers = _READERS[event_type].items()
        values: dict[str, Any] = {
            name: read(record[name]) for name, read in readers if name in record
        }
        if issubclass(event_type, Measurement):
            values["more"] = {
                name: as_float(record[name]) for name in more_names(event_type) if name in record
            }
        return event_type(**values)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"{record['event']}: {error}") from None


def more_names(event_type: type[Measurement]) -> list[str]:
    """Return the series of the table that ``more`` of these events may hold."""
    per = "step" if event_type is LossesMeasured else "epoch"
    measured = [row.name for row in series.SERIES if row.per == per and not row.derive]
    return [name for name in measured if name not in _READERS[event_type]]


def finite(value: Any) -> Any:
    """Return the value as strict JSON can hold it: NaN and infinities become None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple):
        return [finite(item) for item in value]
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return value


def _epoch(value: object) -> float:
    epoch = as_float(value)
    if not abs(epoch) < FURTHEST_EPOCH:
        raise TypeError(f"{epoch} is not an epoch")
    return epoch


def _step(value: object) -> int:
    step = as_int(value)
    if step < 0:
        raise TypeError(f"step {step} is negative")
    return step


def _floats(value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{preview(value)} is not a list")
    if len(value) > RANGES["latent_dim"].high:
        raise TypeError(f"{len(value)} numbers are more than a code can have")
    if set(map(type, value)) == {float}:  # half the time of a look at each
        return tuple(value)
    return tuple(map(as_float, value))


_Reader = Callable[[object], object]
_BY_TYPE: dict[object, _Reader] = {
    float: as_float,
    int: as_int,
    str: as_text,
    tuple[float, ...]: _floats,
}
_BY_FIELD: dict[tuple[str, object], _Reader] = {("epoch", float): _epoch, ("step", int): _step}
"""Fields that position a curve or a bar, and are checked more strictly."""
KINDS: dict[type[Event], str] = {
    event_type: re.sub(r"(?<!^)(?=[A-Z])", "_", event_type.__name__).lower()
    for event_type in (
        *(RunStarted, LossesMeasured, EpochEnded, MachineMeasured, WeightsSaved, Paused, Resumed),
        *(SettingChanged, CommandRefused, TrainingSlowed, Diverged, RunEnded),
    )
}
_TYPE_OF = {kind: event_type for event_type, kind in KINDS.items()}
_READERS = {
    event_type: {
        one.name: _BY_FIELD.get((one.name, one.type), _BY_TYPE[one.type])
        for one in fields(event_type)
        if one.name != "more"
    }
    for event_type in KINDS
}
