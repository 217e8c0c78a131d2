"""A block of the event log, decoded: events of all kinds, and losses in rows at a fifth the cost.

A long run has a million loss lines, which take eight seconds one by one. Where losses and saves, as
``events.encode`` writes them, follow each other, the losses give only their four numbers for the
curves, and the newest of each kind is decoded as ever; and so is every other line.
"""

import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, fields

import numpy as np

from vae_tui.run.events import Event, LossesMeasured, decode
from vae_tui.tui.state.losses import LossRows

CURVE_FIELDS = ("step", "epoch", "bce", "kl")

_Groups = tuple[str, ...]
"""Of a line: the curve's fields of losses, the path of a save; all empty for any other line."""
_STEP, _PATH = 0, len(CURVE_FIELDS)
_NEWEST_WEIGHTS = "weights.safetensors"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that is no event."""

    line: int
    """Its number in the block, from 1."""
    why: str


@dataclass(frozen=True, slots=True)
class EventBlock:
    """What the lines of a block say."""

    happened: list[Event | LossRows]
    wrong: list[Wrong]
    lines: int


def decode_block(block: bytes) -> EventBlock:
    """Return what complete lines say, in order."""
    text = block.decode("latin-1")  # bytes as they are, and faster to search
    found, lines = _LINE.findall(text), text.split("\n")
    result = EventBlock([], [], 0)
    start = 0
    others = [place for place, groups in enumerate(found) if not (groups[_STEP] or groups[_PATH])]
    for place in [*others, len(found)]:
        if start < place:
            result = _with_routine(result, found[start:place], lines[start:place])
        if place < len(found):
            result = _with_line(result, lines[place].encode("latin-1"))
        start = place + 1
    return result


def _with_routine(before: EventBlock, found: Sequence[_Groups], lines: Sequence[str]) -> EventBlock:
    """Add losses and saves that nothing interrupts: but for the curves, only the newest count."""
    losses = [place for place, groups in enumerate(found) if groups[_STEP]]
    saves = [place for place, groups in enumerate(found) if groups[_PATH] == _NEWEST_WEIGHTS]
    if losses[1:]:
        before.happened.append(_rows([found[place] for place in losses[:-1]]))
    for place in sorted({*losses[-1:], *saves[-1:], len(found) - 1}):
        event = decode(lines[place].encode("latin-1"))
        assert event is not None
        before.happened.append(event)
    return EventBlock(before.happened, before.wrong, before.lines + len(found))


def _with_line(before: EventBlock, line: bytes) -> EventBlock:
    """Add what may be anything, also several lines to those for whom a carriage return ends one."""
    number = before.lines
    for part in line.splitlines() or [b""]:
        number += 1
        try:
            event = decode(part)
        except ValueError as error:
            if part.strip():
                before.wrong.append(Wrong(number, str(error)))
        else:
            if event is not None:
                before.happened.append(event)
    return EventBlock(before.happened, before.wrong, number)


def _rows(found: Sequence[_Groups]) -> LossRows:
    columns = list(zip(*found, strict=True))[: len(CURVE_FIELDS)]
    return LossRows(
        np.column_stack([np.fromiter(map(float, column), float, len(found)) for column in columns])
    )


_WHOLE = "-?(?:0|[1-9][0-9]{0,17}+)"
_NUMBER = _WHOLE + r"(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]{1,3}+)?+"
_NUMBER_OF: dict[object, str] = {int: _WHOLE, float: _NUMBER}
_PLACE_OF = {
    "step": "(?:0|[1-9][0-9]{0,17}+)",
    "epoch": r"-?(?:0|[1-9][0-9]{0,13}+)(?:\.[0-9]++)?+(?:[eE]-[0-9]{1,3}+)?+",
}
"""No more than ``events.decode`` takes: what it refuses must come to it as a line of its own."""


def _field_pattern(field: "Field[object]") -> str:
    """Return the pattern of a field of losses as ``events.encode`` writes it."""
    number = _PLACE_OF.get(field.name, _NUMBER_OF[field.type])
    if field.name in CURVE_FIELDS:
        return f',"{field.name}":({number})'
    pattern = f',"{field.name}":{number}'
    return pattern if field.default is MISSING else f"(?:{pattern})?+"


_LOSSES = '{"event":"losses_measured"' + "".join(map(_field_pattern, fields(LossesMeasured)))
_SAVE = (
    f'{{"event":"weights_saved","time":{_NUMBER},"step":{_PLACE_OF["step"]},"path":"([a-z0-9./]++)"'
)
_LINE = re.compile(rf"\{_LOSSES}\}}\n|\{_SAVE}\}}\n|.*\n")
