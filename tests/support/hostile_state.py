"""``state.pt`` files that would execute code, unpack to gigabytes or hold odd values."""

import io
import os
import pickle
import random
import zipfile
from pathlib import Path

import numpy as np
import torch
from support.hostile_text import NUMBERS, STEERING, cut, flipped

LOAD_FROM_BYTES = torch.UntypedStorage(1).__reduce__()[0]
"""What torch's pickles call for a storage: it unpickles its argument in full."""


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
        _Call(LOAD_FROM_BYTES, pickle.dumps(_Call(exec, code))),
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
