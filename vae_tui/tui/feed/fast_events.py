"""Decodes blocks of the event log: loss events as rows of numbers, all others one by one.

A long run has a million loss events. ``events.decode`` takes eight seconds for them, one
``json.loads`` a block with checks of all types three, msgspec less than one.
"""

import math
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np

from vae_tui.run import series
from vae_tui.run.events import (
    FURTHEST_EPOCH,
    Event,
    LossesMeasured,
    MachineMeasured,
    WeightsSaved,
    decode,
    more_names,
)
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

    Of losses, saves and measurements of the machine without other events between them, only the
    newest loss event, measurement and save of each file are kept; the losses before become one
    `LossRows`.
    """
    lines = block.splitlines()
    result = EventBlock(lines=len(lines))
    routine: list[tuple[bytes, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            routine.append((line, _decode_losses(line)))
            continue
        except (msgspec.MsgspecError, UnicodeError):
            pass  # another event, or losses that `decode` must accept or refuse
        try:
            event = decode(line)
        except ValueError as error:
            if line.strip():
                result.wrong.append(Wrong(number, str(error)))
            continue
        if isinstance(event, (WeightsSaved, MachineMeasured)):
            routine.append((line, event))
        elif event is not None:
            result.happened.extend((*_condensed(routine), event))
            routine.clear()
    result.happened.extend(_condensed(routine))
    return result


def _condensed(routine: Sequence[tuple[bytes, Any]]) -> list[Event | LossRows]:
    """Return rows of losses, then the newest loss event and saves, in the order of the log."""
    losses = [_curve_values(one) for _, one in routine if isinstance(one, _Losses)]
    rows = [LossRows(np.array(losses[:-1], dtype=float))] if losses[1:] else []
    newest = {
        (type(one), getattr(one, "path", "")): place for place, (_, one) in enumerate(routine)
    }
    events = (decode(routine[place][0]) for place in sorted(newest.values()))
    return [*rows, *(event for event in events if event is not None)]


def _struct_field(field: "Field[Any]") -> tuple[str, Any, Any]:
    """Return name, type and default of a field, as strict as ``events.decode`` or stricter."""
    default = msgspec.NODEFAULT if field.default is MISSING else field.default
    checked: Any = float | None
    if field.name == "epoch":
        checked = Annotated[float, msgspec.Meta(gt=-FURTHEST_EPOCH, lt=FURTHEST_EPOCH)]
    elif field.type is int:
        least = 0 if field.name == "step" else -(2**63) + 1
        checked = Annotated[int, msgspec.Meta(ge=least, le=2**63 - 1)]
    return field.name, checked, default


_Losses: Any = msgspec.defstruct(
    "_Losses",
    [
        ("event", Literal["losses_measured"]),
        *(_struct_field(field) for field in fields(LossesMeasured) if field.name != "more"),
        *((name, float | None, math.nan) for name in more_names(LossesMeasured)),
    ],
    forbid_unknown_fields=True,  # msgspec skips their values without the checks of `json`
    kw_only=True,
    gc=False,
)
_curve_values = attrgetter("step", "epoch", *(metric.name for metric in series.drawn("step")))
_decode_losses = msgspec.json.Decoder(_Losses).decode
