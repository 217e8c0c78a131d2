"""Installed versions against required ones, read from package metadata; imports none of them."""

import contextlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from vae_tui.doctor.finding import Finding, note, ok, problem

REQUIRED = (
    *("torch", "torchvision", "textual", "rich", "plotext", "click", "numpy", "safetensors"),
    *("Pillow", "platformdirs", "scikit-learn", "threadpoolctl", "packaging", "msgspec"),
)
OPTIONAL = ("torchvision", "scikit-learn", "Pillow")
"""Packages without which a run still works."""
PYTHON = "3.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Installed and required versions."""

    python: str
    installed: Mapping[str, str]
    bounds: Mapping[str, str]
    """Version specifiers of vae-tui by package, such as ``>=8.2,<9``."""
    torch_of_torchvision: str = ""
    """The specifier of torch in torchvision's own requirements."""


def read_packages() -> Packages:
    """Return what is installed beside this interpreter."""
    return Packages(
        python=platform.python_version(),
        installed=_installed(),
        bounds=_requirements("vae-tui"),
        torch_of_torchvision=_requirements("torchvision").get("torch", ""),
    )


def package_findings(packages: Packages) -> Iterator[Finding]:
    """Yield the findings on Python and the packages; torch itself is tried separately."""
    if not _fits(packages.python, f">={PYTHON}"):
        text = f"{packages.python}; {PYTHON} is required"
        yield problem("python", text, f"python{PYTHON} -m venv .venv")
    else:
        yield ok("python", packages.python)
    yield ok("packages", ", ".join(f"{name} {it}" for name, it in packages.installed.items()))
    for name in REQUIRED:
        bounds = packages.bounds.get(name, "")
        fix = f"pip install '{name}{bounds}'"
        if name not in packages.installed:
            if name != "torch":  # reported by its own process
                level = note if name in OPTIONAL else problem
                yield level("packages", f"{name} is not installed", fix)
        elif not _fits(packages.installed[name], bounds):
            yield problem("packages", f"{name} {packages.installed[name]} is not {bounds}", fix)
    yield from _torchvision(packages)


def _torchvision(packages: Packages) -> Iterator[Finding]:
    torch, torchvision = (packages.installed.get(name) for name in ("torch", "torchvision"))
    needs = packages.torch_of_torchvision
    if not (torch and torchvision and needs):
        return
    if not _fits(torch, needs):
        text = f"torchvision was built for torch{needs}, not {torch}: downloads do not work"
        yield note("torchvision", text, "pip install --upgrade torch torchvision")
    elif "+cpu" in torch and "+cpu" not in torchvision:
        text = "torchvision was built for CUDA, torch was not: downloads do not work"
        index = "--index-url https://download.pytorch.org/whl/cpu"
        yield note("torchvision", text, f"pip install --force-reinstall torchvision {index}")


def _fits(installed: str, bounds: str) -> bool:
    try:
        return SpecifierSet(bounds).contains(Version(installed), prereleases=True)
    except InvalidVersion:  # a build named by hand
        return True


def _installed() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in REQUIRED:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _requirements(name: str) -> dict[str, str]:
    """Return the version specifiers of a package's requirements, without those of extras."""
    try:
        found = list(map(Requirement, requires(name) or []))
    except PackageNotFoundError:
        return {}
    return {one.name: str(one.specifier) for one in found if "extra" not in str(one.marker)}
