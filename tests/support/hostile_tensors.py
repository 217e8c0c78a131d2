"""Safetensors files that are damaged, or whose header claims what is not so."""

import json
import pickle
import random
import struct

import numpy as np
from safetensors.numpy import load, save
from support.hostile_text import STEERING


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
