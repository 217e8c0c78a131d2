"""The folder of all runs: creating, naming and finding them."""

import contextlib
import importlib.util
import os
import platform
import re
import shlex
import time
from pathlib import Path

from vae_tui import __version__
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.config import RunConfig, to_json
from vae_tui.run.files import replace
from vae_tui.run.folder import Run, reason

USUAL_FOLDER = Path("checkpoints")
"""The runs folder of a command without --runs-dir, unless the user has chosen another."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]{0,99}")


class NameTaken(UsageError):
    """There is a folder of that name."""


def create(runs_dir: Path, name: str | None, config: RunConfig) -> Run:
    """Create a run's folder with its ``config.json``.

    UsageError for a name that is taken or not allowed, VaeTuiError if it cannot be written.
    """
    check_name(name)
    try:
        runs_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        run = Run(_new_folder(runs_dir, name, config))
        try:
            replace(run.path / "config.json", to_json(config, **_provenance()).encode())
        except OSError:
            run.path.rmdir()  # a folder without a config would block the name
            raise
    except OSError as error:
        raise VaeTuiError(
            f"the runs folder {runs_dir} cannot be written: {reason(error)}; "
            "give another with --runs-dir"
        ) from None
    return run


def check_name(name: str | None) -> None:
    """Raise UsageError unless the name is allowed for a run."""
    if name is not None and not _NAME.fullmatch(name):
        raise UsageError(f"--name {name!r}: letters, digits and . _ + = - only, 100 at most")


def find(runs_dir: Path, name: str | None) -> Run:
    """Return the run with this name, unambiguous prefix or path; the newest for None.

    UsageError when there is none, or several match.
    """
    if name:
        for exact in (runs_dir / name, Path(name)):
            if holds_run(exact):
                return Run(exact.absolute())
            if why := _forbidden(exact / "config.json"):
                raise UsageError(why)
    runs = all_runs(runs_dir)
    if not runs:
        what = f"no run {name!r}: " if name else ""
        raise UsageError(f"{what}{no_runs(runs_dir)}")
    if name is None:
        return runs[0]
    matching = [run for run in runs if run.name.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(run.name for run in (matching or runs)[:5])
    if matching:
        raise UsageError(f"{name!r} could be {names}; type more letters")
    raise UsageError(f"no run {name!r} in {runs_dir}; there are {names}")


def no_runs(runs_dir: Path) -> str:
    """Return what to say when the folder has no run, and the command that starts one in it."""
    if why := _forbidden(runs_dir):
        return why
    more = "" if runs_dir == USUAL_FOLDER else f" --runs-dir {shlex.quote(str(runs_dir))}"
    return f"no runs in {runs_dir}; start one with: vae-tui{more}"


def all_runs(runs_dir: Path) -> list[Run]:
    """Return every run in the folder, newest first."""
    try:
        folders = [Path(entry.path).absolute() for entry in os.scandir(runs_dir)]
    except OSError:
        return []
    found = [folder for folder in folders if holds_run(folder)]
    return [Run(folder) for folder in sorted(found, key=_newness, reverse=True)]


def holds_run(folder: Path) -> bool:
    """Return whether a folder holds a run, even a damaged one."""
    # Too long a name, one with a NUL, or a folder without permission: cannot be opened.
    with contextlib.suppress(OSError, ValueError):
        return any((folder / name).is_file() for name in ("config.json", "events.jsonl"))
    return False


def _forbidden(path: Path) -> str:
    """Return what to say if this user may not read a folder or what is in it; else nothing."""
    try:
        path.stat()
        if path.is_dir():
            os.scandir(path).close()
    except PermissionError:
        return f"{path} may not be read by this user"
    except (OSError, ValueError):
        pass
    return ""


def _new_folder(runs_dir: Path, name: str | None, config: RunConfig) -> Path:
    if name is not None:
        folder = runs_dir / name
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            raise NameTaken(
                f"--name {name}: {folder} exists; give another name, "
                f"or open it: vae-tui attach {shlex.quote(str(folder))}"
            ) from None
        return folder.absolute()
    base = f"{_usable(config.data_name)}-{time.strftime('%m%d-%H%M')}"
    for number in range(1, 10_000):
        folder = runs_dir / (base if number == 1 else f"{base}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return folder.absolute()
    raise VaeTuiError(f"{runs_dir} has too many runs named {base}; give --name")


def _usable(text: str) -> str:
    """Return text as the beginning of a run's name."""
    return re.sub(r"[^A-Za-z0-9._+=-]+", "-", text).strip("-.")[:40] or "images"


def _newness(folder: Path) -> float:
    # The time of the config, which is written once: a training run must not move in the list.
    try:
        return (folder / "config.json").stat().st_mtime
    except OSError:
        return 0.0


def _provenance() -> dict[str, object]:
    """Return the creation time, Unix seconds, and the versions that a run is created with."""
    versions = {"vae-tui": __version__, "python": platform.python_version()}
    for package in ("torch", "numpy"):
        if found := _installed_version(package):
            versions[package] = found
    return {"created": time.time(), "versions": versions}


def _installed_version(package: str) -> str:
    """Return the version of an installed package without importing it; empty when unknown.

    Read from the name of its metadata folder: importing ``importlib.metadata`` takes 14 ms, and
    the first paint would wait for that.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            for folder in Path(spec.origin).parent.parent.glob(f"{package}-*.dist-info"):
                if named := re.fullmatch(rf"{package}-(.+)\.dist-info", folder.name):
                    return named[1]
    return ""
