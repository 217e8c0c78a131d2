"""Hostile files for run folders: which file each replaces, and its content or kind."""

import io
import os
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from support.hostile_state import a_state
from support.hostile_tensors import some_tensors
from support.hostile_text import a_config, a_log, lines_of_commands, lines_of_events
from support.tiny_runs import tiny_trainer

WEIGHTS = ("weights.safetensors", "best.safetensors", "history/20.safetensors")
FILES = (
    *("config.json", "events.jsonl", "commands.jsonl", "state.pt", "probe.safetensors"),
    *(*WEIGHTS, "trainer.lock", "trainer.log", "history"),
)
SHARES = (4, 6, 3, 5, 3, 3, 1, 2, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile file: ``place`` puts it at ``file`` of a run folder."""

    number: int
    file: str
    place: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Lair:
    """What hostile files aim at, outside of any run."""

    canary: Path
    """Comes to be when something in a file is executed."""
    victim: Path
    """A file of the user's that a link leads to."""

    def harm(self) -> str:
        """Return what has happened to it, or nothing."""
        if self.canary.exists():
            return f"executed: {self.canary.read_text()}"
        return "" if self.victim.read_text() == "mine\n" else "written to through a link"


def lair(folder: Path) -> Lair:
    victim = folder / "victim"
    victim.write_text("mine\n")
    return Lair(folder / "canary", victim)


def hostile_files(count: int, seed: int, aims: Lair) -> Iterator[Hostile]:
    """Yield ``count`` hostile files; the same for a seed."""
    state = io.BytesIO()
    torch.save(tiny_trainer().state(), state)
    for number in range(count):
        dice = random.Random(f"{seed} {number}")
        file = dice.choices(FILES, SHARES)[0]
        is_no_file = dice.random() < 0.15 or file in ("trainer.lock", "trainer.log", "history")
        place = _no_file(aims, dice) if is_no_file else _bytes(file, dice, aims, state.getvalue())
        yield Hostile(number, file, place)


def _bytes(file: str, dice: random.Random, aims: Lair, state: bytes) -> Callable[[Path], None]:
    def place(path: Path) -> None:
        if file == "config.json":
            content = a_config(path.read_bytes(), dice)
        elif file == "events.jsonl":
            content = a_log(lines_of_events(), dice)
        elif file == "commands.jsonl":
            content = a_log(lines_of_commands(), dice)
        elif file == "state.pt":
            content = a_state(state, dice, aims.canary)
        else:
            content = some_tensors(path.read_bytes(), dice)
        path.write_bytes(content)

    return place


def _no_file(aims: Lair, dice: random.Random) -> Callable[[Path], None]:
    def listening(path: Path) -> None:
        socket.socket(socket.AF_UNIX).bind(f"/proc/self/fd/{_folder(path)}/{path.name}")

    def huge(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(500_000_000)

    places: tuple[Callable[[Path], object], ...] = (
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("/dev/full"),
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to("/nowhere/at/all"),
        lambda path: path.symlink_to(aims.victim),
        lambda path: path.symlink_to(aims.victim.parent),
        lambda path: path.symlink_to(path.parent / "events.jsonl"),
        lambda path: path.symlink_to("/proc/self/mem"),
        lambda path: path.symlink_to("/proc/self/fd/0"),
        os.mkfifo,
        os.mkdir,
        listening,
        huge,
    )
    chosen = dice.choice(places)

    def place(path: Path) -> None:
        if path.is_dir():
            path.rename(path.with_name("elsewhere"))
        else:
            path.unlink(missing_ok=True)
        chosen(path)

    return place


def _folder(path: Path) -> int:
    return os.open(path.parent, os.O_PATH)
