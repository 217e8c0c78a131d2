"""Reads safetensors files without trusting them: checks shapes and sizes first."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from vae_tui.errors import VaeTuiError
from vae_tui.run.untrusted import read_bounded

_LARGEST_HEADER = 1 << 20


_MOST_IMAGES = 10_000
"""Of a probe; a trainer takes 1,000."""


def read_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int | None, ...]],
    stored: Mapping[str, type[np.generic]],
    dtype: type[np.generic],
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the named tensors, each of its shape (None: any length), and the metadata.

    Of a file no larger than these tensors can be, read at once: what is mapped into memory
    instead kills whoever reads it when the file is cut off.
    """
    try:
        content = read_bounded(path, _LARGEST_HEADER + 8 * sum(map(_most_values, shapes.values())))
        metadata = _metadata(content)
        there = dict(deserialize(content))  # type: ignore[no-untyped-call]
        tensors = {}
        for name, shape in shapes.items():
            if name not in there:
                raise VaeTuiError(f"{path} has no tensor {name}")
            found, kind = tuple(there[name]["shape"]), there[name]["dtype"]
            if len(found) != len(shape) or any(
                wanted not in (None, size) for wanted, size in zip(shape, found, strict=True)
            ):
                raise VaeTuiError(
                    f"{path}: {name} is {found!s:.80}, this run's network has {shape}"
                )
            if kind not in stored:
                raise VaeTuiError(f"{path}: {name} holds {kind}, not {' or '.join(stored)}")
            values = np.frombuffer(there[name]["data"], stored[kind]).reshape(found)
            with np.errstate(over="ignore"):
                tensors[name] = values.astype(dtype, copy=False)
            if not np.isfinite(tensors[name]).all():
                raise VaeTuiError(f"{path}: {name} is not finite")
        return tensors, metadata
    except FileNotFoundError:
        raise VaeTuiError(f"{path} is not there") from None
    except OSError as error:
        raise VaeTuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except (SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise VaeTuiError(f"{path} cannot be read: {error!s:.120}") from None


def _most_values(shape: tuple[int | None, ...]) -> int:
    return math.prod(_MOST_IMAGES if size is None else size for size in shape)


def _metadata(content: bytes) -> dict[str, str]:
    """Return the metadata; ValueError when it is no safetensors file or its header is absurd."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(len(content) - 8, _LARGEST_HEADER):
        raise ValueError("no safetensors file")
    header = json.loads(content[8 : 8 + length])
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    return metadata if isinstance(metadata, dict) else {}
