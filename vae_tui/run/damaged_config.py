"""A fallback for a run whose ``config.json`` is damaged."""

import contextlib
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from vae_tui.errors import UsageError
from vae_tui.image_shape import ImageShape
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import LARGEST_CONFIG, Run
from vae_tui.run.tensor_header import metadata_of, read_header
from vae_tui.run.untrusted import open_regular


def config_or_fallback(run: Run) -> tuple[RunConfig, str]:
    """Return the run's config and an empty text; or a fallback, and what is wrong with the file.

    The fallback has the fields that can be read and are in range, and the sizes of the network
    from the header of the newest weights. The other fields have their defaults.
    """
    try:
        return run.config(), ""
    except UsageError as error:
        return _fallback(run), str(error)


def _fallback(run: Run) -> RunConfig:
    config = RunConfig(dataset="unknown", data_dir="", epochs=1)
    text = ""
    with contextlib.suppress(OSError), open_regular(run.path / "config.json") as file:
        text = file.read(LARGEST_CONFIG).decode("utf-8", "replace")
    found = {field.name: _value(text, field.name) for field in dataclasses.fields(RunConfig)}
    for name, value in {**found, **_sizes(run.weights)}.items():
        default = getattr(config, name)
        if value is not None and isinstance(value, str) == isinstance(default, (str, ImageShape)):
            read = ImageShape.parse if name == "image_shape" else type(default)
            with contextlib.suppress(UsageError, OverflowError, ValueError):
                changed: dict[str, Any] = {name: read(value)}
                config = dataclasses.replace(config, **changed)
    return config


def _value(text: str, name: str) -> str | float | None:
    """Return the value behind the first occurrence of a field's name; None without one."""
    found = re.search(rf'"{name}"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*(?=[\s,}}]))', text)
    with contextlib.suppress(ValueError, OverflowError):
        value = json.loads(found[1]) if found else None
        return float(value) if isinstance(value, int) else value
    return None


def _sizes(weights: Path) -> dict[str, str | float]:
    """Return the sizes of the network from the header of a safetensors file, where it is one."""
    try:
        header = read_header(weights)
        hidden, latent_dim = header["decoder.0.weight"]["shape"]
        shape = str(ImageShape.of_metadata(metadata_of(header)))
        return {"latent_dim": float(latent_dim), "hidden": float(hidden), "image_shape": shape}
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return {}
