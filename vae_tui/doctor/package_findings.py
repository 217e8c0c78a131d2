"""Installed versions against required ones, read from package metadata; imports none of them."""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from vae_tui.doctor.finding import Finding, note, ok, problem

REQUIRED = (
    *("torch", "torchvision", "textual", "rich", "plotext", "click", "numpy", "safetensors"),
    *("pillow", "platformdirs", "scikit-learn", "threadpoolctl", "packaging", "msgspec"),
    *("psutil", "nvidia-ml-py"),
)
OPTIONAL = ("torchvision", "scikit-learn", "psutil", "nvidia-ml-py")
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
    installed = {name: found.version for name in REQUIRED if (found := _distribution(name))}
    return Packages(
        python=platform.python_version(),
        installed=installed,
        bounds=_bounds("vae-tui"),
        torch_of_torchvision=_bounds("torchvision").get("torch", ""),
    )


def package_findings(packages: Packages) -> Iterator[Finding]:
    """Yield the findings on Python and the packages; torch itself is tried separately."""
    if _fits(packages.python, f">={PYTHON}"):
        yield ok("python", packages.python)
    else:
        text = f"{packages.python}; {PYTHON} is required"
        yield problem("python", text, f"python{PYTHON} -m venv .venv")
    yield ok("packages", ", ".join(f"{name} {it}" for name, it in packages.installed.items()))
    for name in REQUIRED:
        bounds = packages.bounds.get(name, "")
        fix = f"pip install '{name}{bounds}'"
        if version := packages.installed.get(name):
            if not _fits(version, bounds):
                yield problem("packages", f"{name} {version} is not {bounds}", fix)
        elif name != "torch":  # reported by its own process
            level = note if name in OPTIONAL else problem
            yield level("packages", f"{name} is not installed", fix)
    yield from _torchvision(packages)


def _torchvision(packages: Packages) -> Iterator[Finding]:
    """Yield why downloads do not work: torchvision was built for another torch."""
    torch, torchvision = (packages.installed.get(name, "") for name in ("torch", "torchvision"))
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


def _distribution(name: str) -> Distribution | None:
    return next(iter(distributions(name=name)), None)


def _bounds(name: str) -> dict[str, str]:
    """Return the version specifiers of a package's requirements, without those of extras."""
    found = _distribution(name)
    requirements = map(Requirement, (found and found.requires) or ())
    return {one.name: str(one.specifier) for one in requirements if "extra" not in str(one.marker)}
