"""Reads safetensors files without trusting them: checks sizes, shapes, types and values."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import ImageShape
from vae_tui.run.tensor_header import LARGEST_HEADER, metadata_of, parse_header
from vae_tui.run.untrusted import read_bounded

_MOST_ROWS = 10_000
"""Limit for a tensor of any length; a probe has 1,000."""
_LARGEST_VALUE = 8
"""Bytes of a float64."""


def read_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int | None, ...]],
    stored: Mapping[str, str],
    dtype: type[np.generic],
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the named tensors and the metadata of a file.

    The file is read at once and may be no larger than these tensors can be: a memory-mapped file
    kills its reader with SIGBUS when another process truncates it. In ``shapes`` None is any
    length; ``stored`` are numpy's names of the types accepted in the file, by safetensors' names.

    Raises:
        VaeTuiError: It is not a safetensors file, or a tensor is missing, has another shape or
            type, or is not finite; the file and the tensor are named.
    """
    try:
        values = sum(math.prod(size or _MOST_ROWS for size in shape) for shape in shapes.values())
        content = read_bounded(path, LARGEST_HEADER + _LARGEST_VALUE * values)
        metadata = metadata_of(parse_header(content))
        found = dict(deserialize(content))  # type: ignore[no-untyped-call]
        tensors = {}
        for name, shape in shapes.items():
            if name not in found:
                raise VaeTuiError(f"{path} has no tensor {name}")
            tensors[name] = _checked(f"{path}: {name}", found[name], shape, stored, dtype)
        return tensors, metadata
    except FileNotFoundError:
        raise VaeTuiError(f"{path} is not there") from None
    except OSError as error:
        raise VaeTuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except (SafetensorError, ValueError, TypeError) as error:
        raise VaeTuiError(f"{path} cannot be read: {error!s:.120}") from None


def check_shape(path: Path, metadata: Mapping[str, str], expected: ImageShape) -> None:
    """Raise VaeTuiError unless a file's metadata names this shape of images."""
    try:
        shape = ImageShape.of_metadata(metadata)
    except ValueError as error:
        raise VaeTuiError(f"{path}: {error}") from None
    if shape != expected:
        raise VaeTuiError(f"{path} is for images of {shape}, this run's are {expected}")


def _checked(
    what: str,
    tensor: Mapping[str, Any],
    shape: tuple[int | None, ...],
    stored: Mapping[str, str],
    dtype: type[np.generic],
) -> NDArray[Any]:
    found, kind = tuple(tensor["shape"]), tensor["dtype"]
    if len(found) != len(shape) or any(
        expected not in (None, size) for expected, size in zip(shape, found, strict=True)
    ):
        raise VaeTuiError(f"{what} is {found!s:.80}, this run's network has {shape}")
    if kind not in stored:
        raise VaeTuiError(f"{what} holds {kind}, not {' or '.join(stored)}")
    with np.errstate(over="ignore"):
        values = (
            np.frombuffer(tensor["data"], stored[kind]).reshape(found).astype(dtype, copy=False)
        )
    if not np.isfinite(values).all():
        raise VaeTuiError(f"{what} is not finite")
    return values
