"""Weights and the state of training, saved atomically and loaded without trust."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import save
from torch import Tensor

from vae_tui.errors import VaeTuiError
from vae_tui.run.files import replace
from vae_tui.run.untrusted import open_regular


def save_weights(
    path: Path, weights: Mapping[str, Tensor], step: int, *, half: bool = False
) -> None:
    """Write a state dict as safetensors with ``step`` in its metadata; in float16 when ``half``."""
    dtype = torch.float16 if half else torch.float32
    plain = {name: value.detach().to("cpu", dtype).contiguous() for name, value in weights.items()}
    replace(path, save(plain, {"step": str(step)}))


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors as safetensors."""
    replace(path, save({name: value.contiguous() for name, value in tensors.items()}))


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state of training: tensors, numbers, text and containers of them only."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    replace(path, buffer.getvalue())


def load_state(path: Path, largest: int = 1 << 34) -> dict[str, Any]:
    """Read a state back on the CPU; nothing in it is executed.

    Raises:
        VaeTuiError: It is not there, is larger than ``largest`` bytes, is no state, or holds
            more than plain values.
    """
    try:
        with open_regular(path) as file:
            _check_archive(file, largest)
            state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise VaeTuiError(f"{path} is not there: nothing to go on from; start anew") from None
    except Exception:  # a damaged pickle raises anything
        raise VaeTuiError(f"{path} holds no state of training; nothing in it was run") from None
    if not isinstance(state, dict):
        raise VaeTuiError(f"{path} holds no state of training")
    return state


def _check_archive(file: BinaryIO, largest: int) -> None:
    """Raise unless the file is what ``torch.save`` writes: an archive, nothing in it compressed.

    What is compressed may be a thousand times as large as it looks, and an older format has
    sizes of its own that nobody checks.
    """
    size = file.seek(0, os.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("compressed")
    if max(size, sum(member.file_size for member in members)) > largest:
        raise ValueError("too large")
    file.seek(0)
