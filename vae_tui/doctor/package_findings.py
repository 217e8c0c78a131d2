"""Which versions of what is needed are installed; told from their records, nothing is imported."""

import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from vae_tui.doctor.finding import Finding, note, ok, problem

NEEDED = (
    *("torch", "torchvision", "textual", "rich", "plotext", "click", "numpy", "safetensors"),
    *("Pillow", "platformdirs", "scikit-learn", "threadpoolctl"),
)
LEAST_PYTHON = (3, 11)

_BOUND = re.compile(r"(>=|<=|<|>|==|!=)\s*([0-9][0-9a-z.+]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """What is installed, and what of it this program can use."""

    python: str
    installed: Mapping[str, str]
    bounds: Mapping[str, str]
    """By package, as ``>=8.2,<9``; those that nobody wrote down are left out."""
    torch_of_torchvision: str = ""
    """The one version of torch that the installed torchvision was built for."""


def look_at_packages() -> Packages:
    """Return what is installed beside this interpreter."""
    return Packages(
        python=platform.python_version(),
        installed={name: found for name in NEEDED if (found := _version(name))},
        bounds=_requirements("vae-tui"),
        torch_of_torchvision=_requirements("torchvision").get("torch", ""),
    )


def judge_packages(found: Packages) -> Iterator[Finding]:
    """Yield what is to be said of Python and the packages; what torch itself says comes later."""
    least = ".".join(map(str, LEAST_PYTHON))
    if _numbers(found.python)[:2] < LEAST_PYTHON:
        yield problem(
            "python", f"{found.python}; {least} is needed", f"python{least} -m venv .venv"
        )
    else:
        yield ok("python", found.python)
    yield ok("packages", ", ".join(f"{name} {it}" for name, it in found.installed.items()))
    for name in NEEDED:
        wanted = f"{name}{found.bounds.get(name, '')}"
        if name not in found.installed:
            if name != "torch":  # its child tells more
                how = note if name in ("torchvision", "scikit-learn", "Pillow") else problem
                yield how("packages", f"{name} is not installed", f"pip install '{wanted}'")
        elif not fits(found.installed[name], found.bounds.get(name, "")):
            text = f"{name} {found.installed[name]} is not {found.bounds[name]}"
            yield problem("packages", text, f"pip install '{wanted}'")
    yield from _torchvision(found)


def _torchvision(found: Packages) -> Iterator[Finding]:
    ours, its = found.installed.get("torch", ""), found.torch_of_torchvision
    if not (ours and its and "torchvision" in found.installed):
        return
    matching = "pip install --upgrade torch torchvision"
    if not fits(ours, its):
        text = f"torchvision was built for torch{its}, not {ours}: no data set can be fetched"
        yield note("torchvision", text, matching)
    elif "+cpu" in ours and "+cpu" not in found.installed["torchvision"]:
        text = "torchvision was built for CUDA, torch was not: no data set can be fetched"
        index = "--index-url https://download.pytorch.org/whl/cpu"
        yield note("torchvision", text, f"pip install --force-reinstall torchvision {index}")


def fits(installed: str, bounds: str) -> bool:
    """Tell whether a version is within bounds like ``>=8.2,<9``."""
    has = _numbers(installed)
    for how, text in _BOUND.findall(bounds):
        wanted = _numbers(text)
        length = max(len(has), len(wanted))
        left, right = (one + (0,) * (length - len(one)) for one in (has, wanted))
        if not {
            ">=": left >= right,
            "<=": left <= right,
            "<": left < right,
            ">": left > right,
            "==": left == right,
            "!=": left != right,
        }[how]:
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a version without what follows them: 2.15.0+cpu is 2, 15, 0."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def _version(name: str) -> str:
    try:
        return version(name) or ""
    except PackageNotFoundError:
        return ""


def _requirements(name: str) -> dict[str, str]:
    """Return the bounds that a package sets, by package."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return {}
    bounds = {}
    for line in lines:
        plain = line.partition(";")
        found = re.match(r"[A-Za-z0-9._-]+", plain[0])
        if found and "extra" not in plain[2]:
            bounds[found[0]] = plain[0][found.end() :].strip(" ()")
    return bounds
