"""What a run is made with: versions, read from the names of what is installed, and the time."""

import contextlib
import importlib.util
import platform
import re
import time
from pathlib import Path

from vae_tui import __version__

PACKAGES = ("torch", "numpy")


def provenance() -> dict[str, object]:
    """Return when and with which versions something is made now."""
    versions = {"vae-tui": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        if found := installed_version(package):
            versions[package] = found
    return {"created": time.time(), "versions": versions}


def installed_version(package: str) -> str:
    """Return the version of an installed package without importing it; empty when not known.

    The name of its folder of metadata tells it: ``importlib.metadata`` takes 14 ms to import, and
    the first paint waits for that.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            for folder in Path(spec.origin).parent.parent.glob(f"{package}-*.dist-info"):
                if named := re.fullmatch(rf"{package}-(.+)\.dist-info", folder.name):
                    return named[1]
    return ""
