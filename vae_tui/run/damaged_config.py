"""What can be read of a damaged ``config.json``."""

import contextlib
import dataclasses
import json
import re
from typing import Any

from vae_tui.errors import UsageError
from vae_tui.image_shape import ImageShape
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import LARGEST_CONFIG, Run
from vae_tui.run.untrusted import open_regular


def readable_config(run: Run) -> tuple[RunConfig, str]:
    """Return the run's config and an empty text; or its readable part, and what is wrong with it.

    Fields that cannot be read or are out of range have their defaults.
    """
    try:
        return run.config(), ""
    except UsageError as error:
        return _readable_part(run), str(error)


def _readable_part(run: Run) -> RunConfig:
    config = RunConfig(dataset="unknown", data_dir="", epochs=1)
    text = ""
    with contextlib.suppress(OSError), open_regular(run.path / "config.json") as file:
        text = file.read(LARGEST_CONFIG).decode("utf-8", "replace")
    for name in (field.name for field in dataclasses.fields(RunConfig)):
        value, default = _value(text, name), getattr(config, name)
        if value is not None and isinstance(value, str) == isinstance(default, (str, ImageShape)):
            read = ImageShape.parse if name == "image_shape" else type(default)
            with contextlib.suppress(UsageError, OverflowError, ValueError):
                changed: dict[str, Any] = {name: read(value)}
                config = dataclasses.replace(config, **changed)
    return config


def _value(text: str, name: str) -> str | float | None:
    """Return the value after the first occurrence of a field's name; None without one."""
    found = re.search(rf'"{name}"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*(?=[\s,}}]))', text)
    with contextlib.suppress(ValueError, OverflowError):
        value = json.loads(found[1]) if found else None
        return float(value) if isinstance(value, int) else value
    return None
