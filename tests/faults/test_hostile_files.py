"""Run folders from strangers: nothing in them executes, crashes, hangs or steers the terminal."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.explored_runs import explored_run
from support.hostile_files import Hostile, hostile_files, lair
from support.hostile_text import STEERING, lines_of_commands
from support.tiny_runs import tiny_trainer

from vae_tui.run.folder import Run
from vae_tui.training.checkpoint import save_state

PIECES = 10
IN_A_PIECE = 200
READINGS = Path(__file__).parents[1] / "support" / "hostile_readings.py"


@dataclass
class Readings:
    """What a process that read hostile runs reported."""

    count: int = 0
    troubles: list[str] = field(default_factory=list)
    cost: str = ""


def good_run(folder: Path) -> Run:
    """Make a run with every file that one can have."""
    run = explored_run(folder, "run")
    shutil.copy(run.weights, run.best)
    save_state(run.trainer_state, tiny_trainer().state())
    run.commands.write_bytes(b"".join(lines_of_commands()))
    return run


def read_in_every_way(runs: Sequence[tuple[int, Path, str, bool]]) -> Readings:
    """Read runs, each (number, path, hostile file, whether on the screen too)."""
    asked = "".join(
        json.dumps(
            {"number": n, "path": os.fsencode(path).hex(), "file": file, "on_screen": on_screen}
        )
        + "\n"
        for n, path, file, on_screen in runs
    )
    paths = [str(READINGS.parent), str(READINGS.parent.parent), *sys.path]
    done = subprocess.run(
        [sys.executable, str(READINGS)],
        input=asked.encode(),
        capture_output=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "OMP_NUM_THREADS": "1",
        },
        timeout=600,
        check=False,
    )
    found, last = Readings(), ""
    for line in done.stdout.splitlines():
        kind, number, what = json.loads(line)
        if kind == "done":
            found.count, found.cost = number, what
        elif kind == "trouble":
            found.troubles.append(f"#{number} {what}")
        last = f"#{number} {what}"
    if done.returncode or not found.count:
        found.troubles.append(f"died ({done.returncode}) at {last}: {done.stderr[-600:]!r}")
    return found


def read_hostile_files(
    folder: Path, count: int, seed: int, every: int, *, names: bool = False
) -> Readings:
    """Place hostile files, one a run, and read them all; every so manieth on the screen too.

    With ``names``, read runs with hostile names as well.
    """
    aims = lair(folder)
    good = good_run(folder / "good")
    asked = [
        (hostile.number, placed(hostile, good, folder), hostile.file, hostile.number % every == 0)
        for hostile in hostile_files(count, seed, aims)
    ]
    found = read_in_every_way([*asked, *(hostile_names(good, folder) if names else ())])
    if harm := aims.harm():
        found.troubles.append(harm)
    return found


def placed(hostile: Hostile, good: Run, folder: Path) -> Path:
    path = folder / str(hostile.number) / "run"
    shutil.copytree(good.path, path)
    hostile.place(path / hostile.file)
    return path


def hostile_names(good: Run, folder: Path) -> Iterator[tuple[int, Path, str, bool]]:
    """Yield copies of a run under hostile names, numbered from 1,000; some for the screen too."""
    for number, text in enumerate(STEERING, start=1_000):
        name = os.fsencode(text.replace("\0", "\x01").replace("\ud800", "\udcff"))[:200]
        path = folder / str(number) / os.fsdecode(name.replace(b"/", b"\\"))
        shutil.copytree(good.path, path)
        yield number, path, "name", number % 6 == 0


def test_no_hostile_file_executes_crashes_hangs_or_swells_and_no_name_steers_the_terminal(tmp_path):
    found = read_hostile_files(tmp_path, 100, seed=1, every=12, names=True)
    assert not found.troubles, "\n".join(found.troubles)
    assert found.count > 500


@pytest.mark.soak
@pytest.mark.parametrize("piece", range(PIECES))
def test_no_file_of_two_thousand_executes_crashes_hangs_or_swells(tmp_path, piece, capsys):
    found = read_hostile_files(tmp_path, IN_A_PIECE, seed=100 + piece, every=10)
    with capsys.disabled():
        sys.stdout.write(
            f"\npiece {piece}: {IN_A_PIECE} files, {found.count} readings, {found.cost}\n"
        )
    assert not found.troubles, "\n".join(found.troubles)
