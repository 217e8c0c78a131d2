"""Saves weights and a trainer's state atomically; loads them without executing anything."""

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
from vae_tui.image_shape import ImageShape
from vae_tui.run.files import replace
from vae_tui.run.untrusted import open_regular
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.trainer import Trainer

_STATE_BYTES, _STATE_BYTES_PER_PARAMETER = 1 << 20, 16
"""Limits of a state's size: float32 weights and Adam's moments take 12 bytes a parameter."""


def save_weights(
    path: Path, weights: Mapping[str, Tensor], step: int, shape: ImageShape, *, half: bool = False
) -> None:
    """Write a state dict as safetensors; step and shape are metadata.

    ``half`` rounds to float16 all but single numbers, on which the losses of all pixels depend.
    """
    plain = {}
    for name, value in weights.items():
        dtype = torch.float16 if half and value.numel() > 1 else torch.float32
        plain[name] = value.detach().to("cpu", dtype).contiguous()
    replace(path, save(plain, {"step": str(step), "image_shape": str(shape)}))


def save_probe(path: Path, images: Tensor, labels: Tensor, shape: ImageShape) -> None:
    """Write images, uint8 (N, P), and labels (N,) as safetensors; the shape is metadata."""
    tensors = {"images": images.contiguous(), "labels": labels.contiguous()}
    replace(path, save(tensors, {"image_shape": str(shape)}))


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state of a trainer: tensors, numbers, text and containers of them only."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    replace(path, buffer.getvalue())


def load_state(path: Path, largest: int = 1 << 34) -> dict[str, Any]:
    """Read a state on the CPU; nothing in it is executed.

    Raises:
        VaeTuiError: The file is missing, larger than ``largest`` bytes, damaged, or holds more
            than plain values.
    """
    try:
        with open_regular(path) as file:
            _check_archive(file, largest)
            state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise VaeTuiError(f"{path} is missing: nothing to continue from; start a new run") from None
    except OSError as error:
        raise VaeTuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception:  # a damaged pickle raises anything
        raise VaeTuiError(f"{path} is not a training state; nothing in it was executed") from None
    if not isinstance(state, dict):
        raise VaeTuiError(f"{path} is not a training state")
    return state


def restore(trainer: Trainer, path: Path, ranks: Ranks = Ranks()) -> None:  # noqa: B008 - frozen
    """Load a saved state into the trainer; rank 0 reads the file.

    Raises:
        VaeTuiError: As `load_state`; also when the file is of another network or version, or its
            weights are not finite.
    """
    parameters = sum(value.numel() for value in trainer.model.parameters())
    largest = _STATE_BYTES + _STATE_BYTES_PER_PARAMETER * parameters
    state = ranks.share(load_state(path, largest) if ranks.rank == 0 else None)
    try:
        trainer.load_state(state)
    except Exception as error:  # with unexpected values in the state, anything may be raised
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise VaeTuiError(f"{path} is of another network or version: {why:.200}") from error
    if not trainer.is_finite():
        raise VaeTuiError(f"{path} holds weights that are not finite")


def _check_archive(file: BinaryIO, largest: int) -> None:
    """Raise unless the file is an uncompressed archive, as ``torch.save`` writes it.

    Compressed members can expand a thousandfold, and the older format has sizes that torch
    does not check.
    """
    size = file.seek(0, os.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("compressed")
    if max(size, sum(member.file_size for member in members)) > largest:
        raise ValueError("too large")
    file.seek(0)
