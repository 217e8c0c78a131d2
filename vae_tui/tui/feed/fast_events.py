"""Decodes blocks of the event log: loss events as rows of numbers, the other ones whole.

A long run has a million loss events, and each epoch a test. ``events.decode`` takes 17 seconds for
them, one ``json.loads`` a block 7 without any check, msgspec with checks of all types less than 1.
"""

import math
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np

from vae_tui.run import series
from vae_tui.run.config import RANGES
from vae_tui.run.events import (
    FURTHEST_EPOCH,
    KINDS,
    EpochEnded,
    Event,
    LossesMeasured,
    MachineMeasured,
    WeightsSaved,
    decode,
    more_names,
)
from vae_tui.run.untrusted import LONGEST_TEXT
from vae_tui.tui.state.losses import LossRows


class Wrong(NamedTuple):
    """A line that is no event."""

    line: int  # its number in the block, from 1
    why: str


@dataclass(frozen=True, slots=True)
class EventBlock:
    """The events of a block, in order, and the lines that are none."""

    happened: list[Event | LossRows] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    lines: int = 0


def decode_block(block: bytes) -> EventBlock:
    """Return the events of a block of complete lines.

    Of losses, tests, saves and measurements of the machine without other lines between them, only
    the tests, the first and the newest loss event, and the newest measurement and save of each
    file are kept; the other losses become one `LossRows`.
    """
    try:
        records = _decoder.decode_lines(block)
        if len(records) == block.count(b"\n") and b"\r" not in block:
            return EventBlock(_condensed(records), lines=len(records))
    except (msgspec.MsgspecError, UnicodeError):
        pass  # another event, or a line that `decode` must accept or refuse
    lines = block.splitlines()
    result = EventBlock(lines=len(lines))
    frequent: list[Any] = []
    for number, line in enumerate(lines, 1):
        try:
            frequent.append(_decoder.decode(line))
            continue
        except (msgspec.MsgspecError, UnicodeError):
            result.happened.extend(_condensed(frequent))
            frequent.clear()
        try:
            event = decode(line)
        except ValueError as error:
            if line.strip():
                result.wrong.append(Wrong(number, str(error)))
        else:
            result.happened.extend([event] if event is not None else [])
    result.happened.extend(_condensed(frequent))
    return result


def _condensed(records: Sequence[Any]) -> list[Event | LossRows]:
    losses = [place for place, one in enumerate(records) if type(one) is _Losses]
    newest = {
        (type(one), place if type(one) is _Test else getattr(one, "path", "")): place
        for place, one in enumerate(records)
        if type(one) is not _Losses
    }
    kept = *losses[:1], *losses[-1:], *newest.values()
    happened: dict[int, Event | LossRows] = {place: _event(records[place]) for place in kept}
    if rows := [records[place] for place in losses[1:-1]]:
        values = np.fromiter(chain.from_iterable(map(_curve_values, rows)), float)
        happened[losses[1]] = LossRows(values.reshape(len(rows), -1))
    return [happened[place] for place in sorted(happened)]


def _event(record: Any) -> Event:
    """Return the event of a record, as ``events.decode`` does of its line."""
    event_type = _EVENT_TYPES[type(record)]
    values: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(record).items():
        if value is None:
            values[name] = math.nan
        elif type(value) is tuple and None in value:
            values[name] = tuple(math.nan if one is None else one for one in value)
        elif value is not _ABSENT:
            values[name] = value
    if more := _MORE_NAMES.get(event_type):
        values["more"] = {name: values.pop(name) for name in more if name in values}
    return event_type(**values)


_ABSENT = float("nan")
"""A series that an event does not have."""
_MORE_NAMES: dict[type[Event], list[str]] = {
    kind: more_names(kind) for kind in (LossesMeasured, EpochEnded)
}
_NUMBER = float | None
_MOST_DIMENSIONS = int(RANGES["latent_dim"].high)
_CHECKED: dict[object, Any] = {
    float: _NUMBER,
    int: Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)],
    str: Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)],
    tuple[float, ...]: Annotated[tuple[_NUMBER, ...], msgspec.Meta(max_length=_MOST_DIMENSIONS)],
    ("step", int): Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)],
    ("epoch", float): Annotated[float, msgspec.Meta(gt=-FURTHEST_EPOCH, lt=FURTHEST_EPOCH)],
}
"""Types that are as strict as those of ``events.decode``, or stricter."""


def _struct_field(field: "Field[Any]") -> tuple[str, Any, Any]:
    checked = _CHECKED.get((field.name, field.type), _CHECKED[field.type])
    default = msgspec.NODEFAULT if field.default is MISSING else field.default
    return field.name, checked, default


def _struct(event_type: type[Event]) -> Any:
    """Return the type of the records of an event."""
    own = [_struct_field(each) for each in fields(event_type) if each.name != "more"]
    return msgspec.defstruct(
        f"_{event_type.__name__}",
        [*own, *((name, _NUMBER, _ABSENT) for name in _MORE_NAMES.get(event_type, ()))],
        tag_field="event",
        tag=KINDS[event_type],
        forbid_unknown_fields=True,  # msgspec skips their values without the checks of `json`
        kw_only=True,
        gc=False,
    )


_Losses, _Test = _struct(LossesMeasured), _struct(EpochEnded)
_Machine, _Saved = _struct(MachineMeasured), _struct(WeightsSaved)
_EVENT_TYPES: dict[Any, type[Event]] = {
    _Losses: LossesMeasured,
    _Test: EpochEnded,
    _Machine: MachineMeasured,
    _Saved: WeightsSaved,
}
_decoder: Any = msgspec.json.Decoder(_Losses | _Test | _Machine | _Saved)
_curve_values = attrgetter("step", "epoch", *(metric.name for metric in series.drawn("step")))
