"""What a stranger may write where text or numbers are expected; and hostile lines of JSON."""

import json
import random
from collections.abc import Callable, Sequence

from support.logs import epoch_ended, losses, started

from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    Paused,
    Resumed,
    RunEnded,
    SettingChanged,
    WeightsSaved,
    encode,
)

NOW = 1_000_000.0
STEERING = (
    "\x1b]0;PWNED\x07",
    "\x1b[2J\x1b[31mPWNED",
    "\x1bP+q5057\x1b\\PWNED",
    "\x1b_Ga=T;PWNED\x1b\\",
    "\x9b31mPWNED\x9c",
    "\u202eDENWP\u2066",
    "PWNED\r\nvae-tui: PWNED",
    "\x08\x08\x08PWNED\x7f",
    "[red]PWNED[/red]",
    "[@click=app.exit]PWNED[/]",
    "[/] [b \\[ [/nothing] $name {0} %s",
    "a" + "\u0301" * 400,
    "宽" * 300,
    "\U0001f469\u200d\U0001f680" * 40,
    "\0PWNED",
    "\ud800PWNED",
    "\u2028PWNED\u2029\xa0",
    "x" * 100_000,
)
"""Text that would do something to a terminal, to markup or to a layout."""
NUMBERS = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63)),
    *(1e15, 1e-320, 1.7e308, -1.7e308, float("nan"), float("inf"), float("-inf")),
    *(10**300, -(10**300), 10**400, "1", "nan", [], {}, [1], [[[[]]]], [1e308] * 20, [0.0] * 5_000),
)
"""What may stand where a number is expected; json writes NaN and Infinity as Python reads them."""


def hostile_value(dice: random.Random) -> object:
    return dice.choice(STEERING if dice.random() < 0.35 else NUMBERS)


def lines_of_events() -> list[bytes]:
    """Return a good log with an event of every kind."""
    happened = [
        started(),
        epoch_ended(0, 20.0),
        *(losses(step) for step in range(1, 7)),
        epoch_ended(1, 15.0),
        WeightsSaved(time=NOW, step=6, path="weights.safetensors"),
        SettingChanged(time=NOW, step=6, name="epochs", old=3, new=9, command_id="a"),
        SettingChanged(time=NOW, step=6, name="beta", old=1, new=2, command_id="b"),
        CommandRefused(time=NOW, step=6, command_id="c", why="no"),
        Paused(time=NOW, step=6, why="the disk is full"),
        Resumed(time=NOW, step=6),
        started(step=3),
        *(losses(step) for step in range(4, 9)),
        Diverged(time=NOW, step=8, what="BCE", last_good_step=6),
        RunEnded(time=NOW, step=8, reason="failed", message="it failed"),
    ]
    return [encode(event) for event in happened]


def lines_of_commands() -> list[bytes]:
    wishes = [
        {"command": "set", "setting": "beta", "value": 2.0, "id": "a", "time": NOW},
        {"command": "set", "setting": "epochs", "value": 9, "id": "b", "time": NOW},
        *({"command": name, "id": name, "time": NOW} for name in ("pause", "resume", "undo")),
        {"command": "save", "id": "s", "time": NOW},
    ]
    return [json.dumps(wish).encode() + b"\n" for wish in wishes]


def a_config(good: bytes, dice: random.Random) -> bytes:
    """Return ``config.json`` with some fields hostile, or damaged as any text may be."""
    if dice.random() < 0.5:
        return json.dumps(_mutated(json.loads(good), dice)).encode()
    return dice.choice(DAMAGES)(good, dice)


def a_log(good: Sequence[bytes], dice: random.Random) -> bytes:
    """Return lines of JSON with some fields hostile, or damaged as any text may be."""
    if dice.random() < 0.6:
        lines = [
            json.dumps(_mutated(json.loads(line), dice)).encode() + b"\n"
            if dice.random() < 0.5
            else line
            for line in good
        ]
        if dice.random() < 0.3:
            dice.shuffle(lines)
        return b"".join(lines)
    return dice.choice(DAMAGES)(b"".join(good), dice)


def _mutated(record: dict[str, object], dice: random.Random) -> dict[str, object]:
    names = list(record)
    for name in dice.sample(names, dice.randint(1, min(4, len(names)))):
        if dice.random() < 0.1:
            del record[name]
        elif name != "event" or dice.random() < 0.1:
            record[name] = hostile_value(dice)
    return record


def cut(good: bytes, dice: random.Random) -> bytes:
    """Return a beginning of ``good``."""
    return good[: dice.randrange(len(good))]


def flipped(good: bytes, dice: random.Random) -> bytes:
    """Return ``good`` with some of its bytes others."""
    damaged = bytearray(good)
    for _ in range(dice.randint(1, 40)):
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
    return bytes(damaged)


def _nested(good: bytes, dice: random.Random) -> bytes:
    depth = dice.choice((100, 300, 900, 990, 1_000, 3_000, 200_000))
    inner = dice.choice((b"[", b'{"event":', b'[{"a":')) * depth
    field = dice.choice((b'{"event":"run_ended","time":', b'{"epochs":', b'{"command":"set","id":'))
    closing = b"]" * depth if inner[:2] == b"[[" else b""
    return good + field + inner + closing + b"}\n" + good


def _digits(good: bytes, dice: random.Random) -> bytes:
    number = dice.choice((b"1" * 4_301, b"9" * 400, b"1e999", b"-1e999", b"1" * 500_000, b"0x1"))
    return good.replace(b"1", number, dice.randint(1, 5))


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    cut,
    flipped,
    _nested,
    _digits,
    lambda good, dice: b"",
    lambda good, dice: dice.randbytes(dice.choice((1, 50, 5_000, 2_000_000))),
    lambda good, dice: good.replace(b",", b',"step":-1,"step":"x",', 8),
    lambda good, dice: b"\xef\xbb\xbf" + good,
    lambda good, dice: good.decode().encode(dice.choice(("utf-16", "utf-16-be", "utf-32"))),
    lambda good, dice: good.replace(b" ", b"\0").replace(b":", b":\0", 3),
    lambda good, dice: b"\0" * dice.choice((1, 4_096, 3_000_000)) + good,
    lambda good, dice: b"{" + b"a" * 3_000_000 + b"\n" + good,
    lambda good, dice: b"\n" * dice.choice((10, 100_000)) + good,
    lambda good, dice: good.replace(b"\n", dice.choice((b"\r", b"\r\r\n", b"\x0b", b""))),
    lambda good, dice: good * 200,
    lambda good, dice: b"\n".join(reversed(good.split(b"\n"))),
)
