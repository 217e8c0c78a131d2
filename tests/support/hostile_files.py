"""Files from strangers, by the hundred: where each lies in a run folder, and what it is."""

import io
import json
import os
import pickle
import random
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load, save
from support.hostile_text import (
    NUMBERS,
    STEERING,
    a_config,
    a_log,
    cut,
    flipped,
    lines_of_commands,
    lines_of_events,
)
from support.tiny_runs import tiny_trainer

WEIGHTS = ("weights.safetensors", "best.safetensors", "history/20.safetensors")
FILES = (
    *("config.json", "events.jsonl", "commands.jsonl", "state.pt", "probe.safetensors"),
    *(*WEIGHTS, "trainer.lock", "trainer.log", "history"),
)
SHARES = (4, 6, 3, 5, 3, 3, 1, 2, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile file: ``place`` puts it at ``file`` of a run folder."""

    number: int
    file: str
    place: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Lair:
    """What hostile files aim at, outside of any run."""

    canary: Path
    """Comes to be when something in a file is executed."""
    victim: Path
    """A file of the user's that a link leads to."""

    def harm(self) -> str:
        """Return what has happened to it, or nothing."""
        if self.canary.exists():
            return f"executed: {self.canary.read_text()}"
        return "" if self.victim.read_text() == "mine\n" else "written to through a link"


def lair(folder: Path) -> Lair:
    victim = folder / "victim"
    victim.write_text("mine\n")
    return Lair(folder / "canary", victim)


def hostile_files(count: int, seed: int, aims: Lair) -> Iterator[Hostile]:
    """Yield ``count`` hostile files; the same for a seed."""
    state = io.BytesIO()
    torch.save(tiny_trainer().state(), state)
    for number in range(count):
        dice = random.Random(f"{seed} {number}")
        file = dice.choices(FILES, SHARES)[0]
        is_no_file = dice.random() < 0.15 or file in ("trainer.lock", "trainer.log", "history")
        place = _no_file(aims, dice) if is_no_file else _bytes(file, dice, aims, state.getvalue())
        yield Hostile(number, file, place)


def _bytes(file: str, dice: random.Random, aims: Lair, state: bytes) -> Callable[[Path], None]:
    def place(path: Path) -> None:
        if file == "config.json":
            content = a_config(path.read_bytes(), dice)
        elif file == "events.jsonl":
            content = a_log(lines_of_events(), dice)
        elif file == "commands.jsonl":
            content = a_log(lines_of_commands(), dice)
        elif file == "state.pt":
            content = a_state(state, dice, aims.canary)
        else:
            content = some_tensors(path.read_bytes(), dice)
        path.write_bytes(content)

    return place


def _no_file(aims: Lair, dice: random.Random) -> Callable[[Path], None]:
    def listening(path: Path) -> None:
        socket.socket(socket.AF_UNIX).bind(f"/proc/self/fd/{_folder(path)}/{path.name}")

    def huge(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(500_000_000)

    places: tuple[Callable[[Path], object], ...] = (
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("/dev/full"),
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to("/nowhere/at/all"),
        lambda path: path.symlink_to(aims.victim),
        lambda path: path.symlink_to(aims.victim.parent),
        lambda path: path.symlink_to(path.parent / "events.jsonl"),
        lambda path: path.symlink_to("/proc/self/mem"),
        lambda path: path.symlink_to("/proc/self/fd/0"),
        os.mkfifo,
        os.mkdir,
        listening,
        huge,
    )
    chosen = dice.choice(places)

    def place(path: Path) -> None:
        if path.is_dir():
            path.rename(path.with_name("elsewhere"))
        else:
            path.unlink(missing_ok=True)
        chosen(path)

    return place


def _folder(path: Path) -> int:
    return os.open(path.parent, os.O_PATH)


# Weights


def some_tensors(good: bytes, dice: random.Random) -> bytes:
    """Return a hostile safetensors file made of a good one."""
    length = int.from_bytes(good[:8], "little")
    header, data = json.loads(good[8 : 8 + length]), good[8 + length :]
    names = [name for name in header if name != "__metadata__"]
    chosen = header[dice.choice(names)]
    match dice.randrange(10):
        case 0:
            size = dice.choice((0, 1, length + 1, len(good), 2**31, 2**60, 2**63, 2**64 - 1))
            return struct.pack("<Q", size) + good[8:]
        case 1:
            return good[: dice.randrange(len(good))]
        case 2:
            damaged = bytearray(good)
            for _ in range(dice.randint(1, 30)):
                damaged[dice.randrange(8 + length)] = dice.randrange(256)
            return bytes(damaged)
        case 3:
            shapes = ([2**62, 4], [-1, -1], [0], [], [1] * 5_000, [1.5], "x", None, [2**64], [[1]])
            chosen["shape"] = dice.choice(shapes)
        case 4:
            kinds = ("F64", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "C64", "", "\x1b[2J", 7)
            chosen["dtype"] = dice.choice(kinds)
        case 5:
            places = ([0, 2**63], [0, 0], [9, 1], [-1, 4], [0, 8], [], None, [0, len(data)])
            chosen["data_offsets"] = dice.choice(places)
        case 6:
            header["__metadata__"] = dice.choice(
                (7, [], {"step": 3}, {"step": "9" * 5_000}, {"step": "-5"}, {"step": "\u0663"},
                 *({"step": text, text: text} for text in STEERING[:-3]))
            )  # fmt: skip
        case 7:
            header[dice.choice(STEERING[:12])] = header.pop(dice.choice(names))
        case 8:
            return _odd_numbers(good, dice)
        case _:
            return dice.choice(
                (b"", b"\0" * 8, dice.randbytes(3_000), b"PK\x03\x04" + good, pickle.dumps({}),
                 _packed(b"[" * 100_000, data), _packed(b'{"a":' * 5_000, data),
                 _packed(b"\xff\xfe{}", data), _packed(b"{}" + b" " * 2_000_000, data))
            )  # fmt: skip
    return _packed(json.dumps(header).encode(), data)


def _packed(header: bytes, data: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def _odd_numbers(good: bytes, dice: random.Random) -> bytes:
    tensors = {name: value.copy() for name, value in load(good).items()}
    name = dice.choice(list(tensors))
    values = tensors[name]
    if values.dtype == np.uint8:
        match dice.randrange(4):
            case 0:
                tensors["labels"][:] = 255
            case 1:
                tensors["labels"] = tensors["labels"][:-1]
            case 2:
                tensors = {name: value[:0] for name, value in tensors.items()}
            case _:
                tensors = {name: value[:1] for name, value in tensors.items()}
    else:
        wild = (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e20, 0.0, 1e-40)
        with np.errstate(over="ignore"):
            values.reshape(-1)[:: dice.choice((1, 7, 1_000))] = dice.choice(wild)
    return save(tensors, {"step": "60"})


# The state of training


class _Call:
    """What a pickle calls when it is loaded without care."""

    def __init__(self, call: object, *arguments: object) -> None:
        self._call = (call, arguments)

    def __reduce__(self) -> object:
        return self._call


def a_state(good: bytes, dice: random.Random, canary: Path) -> bytes:
    """Return a hostile ``state.pt``: many would execute something if they could."""
    match dice.randrange(6):
        case 0 | 1:
            return _executable(dice, canary)
        case 2:
            return dice.choice((cut, flipped, _bomb))(good, dice)
        case 3:
            buffer = io.BytesIO()
            torch.save(torch.load(io.BytesIO(good)), buffer, _use_new_zipfile_serialization=False)
            return buffer.getvalue()
        case 4:
            return dice.choice(
                (b"", dice.randbytes(2_000), b"PK\x05\x06" + b"\0" * 18, b"\x80\x02.")
            )
        case _:
            return _odd_state(torch.load(io.BytesIO(good)), dice)


def _executable(dice: random.Random, canary: Path) -> bytes:
    code = f"open({str(canary)!r}, 'w').write('executed')"
    calls = (
        _Call(os.system, f"touch {canary}"),
        _Call(exec, code),
        _Call(eval, code),
        _Call(open, str(canary), "w"),
        _Call(pickle.loads, pickle.dumps(_Call(exec, code))),
        _Call(torch.storage._load_from_bytes, pickle.dumps(_Call(exec, code))),
        _Call(np.load, str(canary), None, True),
        _Call(getattr, _Call(__import__, "os"), "system"),
    )
    evil = dice.choice(calls)
    wrapped = dice.choice((evil, {"step": 3, "model": evil}, [evil], {"step": evil}))
    if dice.random() < 0.4:
        return pickle.dumps(wrapped, protocol=dice.randint(0, 5))
    buffer = io.BytesIO()
    torch.save(wrapped, buffer, _use_new_zipfile_serialization=dice.random() < 0.7)
    return buffer.getvalue()


def _bomb(good: bytes, _: random.Random) -> bytes:
    """Return the archive with each of its tensors a gigabyte of compressed zeros."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(good)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for member in source.infolist():
            content = source.read(member)
            if "/data/0" in member.filename:
                content = bytes(100_000_000)
            bomb.writestr(member.filename, content)
    return buffer.getvalue()


def _odd_state(state: dict[str, object], dice: random.Random) -> bytes:
    tensors = (
        torch.full((2, 2), float("nan")),
        torch.ones(3, dtype=torch.complex64),
        torch.ones(1).expand(2**40),
        torch.eye(3).to_sparse(),
        torch.zeros(0),
    )
    odd = (*NUMBERS, *STEERING[:-4], *tensors)
    for name in dice.sample(list(state), dice.randint(1, 3)):
        inside = state[name]
        if isinstance(inside, dict) and inside and dice.random() < 0.8:
            inside[dice.choice(list(inside))] = dice.choice(odd)
        elif dice.random() < 0.15:
            del state[name]
        else:
            state[name] = dice.choice(odd)
    weights = state.get("model")
    if dice.random() < 0.2 and isinstance(weights, dict):
        for value in weights.values():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                value.fill_(dice.choice((float("nan"), float("inf"), 1e38)))
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
