"""Any key, mouse event, paste or size at any moment, in every state of a run, is safe."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.explored_runs import explored_run, losses_measured
from support.logs import live
from support.pressing import Pressed, program
from support.real_runs import running_aside
from support.terminal import Terminal
from support.tiny_runs import TINY

from vae_tui.run.events import Diverged, Paused, RunEnded, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create

LONG_AGO, FAR_AHEAD = 1e9, 4e9
"""Unix seconds: a run that was heard of long ago is silent, one from far ahead never."""
STATES = ("starting", "running", "paused", "stalled", "finished", "stopped", "failed", "lost")
KEYS_A_PIECE, RESIZES_A_PIECE = 2_300, 56


@contextmanager
def run_in(state: str, folder: Path) -> Iterator[Run]:
    """Give a recorded run in this state; no trainer is there, though its lock may be held."""
    if state == "starting":
        run = create(folder, "one", TINY)
    else:
        run = explored_run(folder)
        at = LONG_AGO if state == "stalled" else FAR_AHEAD
        if state == "failed":
            append(run.events, encode(Diverged(time=at, step=60, what="BCE", last_good_step=20)))
        if state in ("finished", "stopped", "failed"):
            last = RunEnded(time=at, step=60, reason=state, message=f"it has {state}")
            append(run.events, encode(last))
        elif state == "paused":
            append(run.events, encode(Paused(time=at, step=60)))
        elif state == "running":
            append(run.events, encode(replace(losses_measured(60), time=at)))
    is_live = state in ("starting", "running", "paused", "stalled")
    lock = live(run, 0.0) if is_live else None
    try:
        yield run
    finally:
        if lock is not None:
            os.close(lock)


def press(state: str, folder: Path, keys: int, resizes: int, seed: object) -> Pressed:
    """Press anything on a run in this state; ``live`` is a real trainer."""
    aside = folder / "aside"
    aside.mkdir()
    runs = folder / "runs"
    with running_aside(runs) if state == "live" else run_in(state, runs) as run:
        pressed = Pressed(program(run.path), aside, f"{state} {seed}")
        try:
            pressed.press(keys, resizes)
        finally:
            pressed.close()
    return pressed


@pytest.mark.parametrize("state", STATES)
def test_anything_may_be_pressed(tmp_path, state):
    pressed = press(state, tmp_path, 60, 4, "short")
    assert pressed.answers >= 1


def test_what_ends_a_textual_program_does_not_end_this_one(tmp_path):
    ending = (b"\xff", b"\xe1\xc3(", b"\x10\x1b[5~", b"\x1b[48;0;0;0;0t\x1b[<0;9;9M")
    with run_in("finished", tmp_path) as run:
        pressed = Pressed(program(run.path), tmp_path, 1)
        try:
            pressed.press_each(*ending)
        finally:
            pressed.close()
    assert pressed.answers == 1 + len(ending)
    assert pressed.starts == 1


def test_the_palette_runs_what_is_typed_and_takes_any_key(tmp_path):
    with (
        run_in("finished", tmp_path) as run,
        Terminal(program(run.path), cwd=tmp_path) as terminal,
    ):
        terminal.wait_for("finished")
        terminal.wait_for("same z")
        terminal.type("\x10")
        terminal.wait_for("Switch between the trend")
        terminal.type("explain this\r")
        terminal.wait_for("Keys everywhere")
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "Keys everywhere" not in text)
        terminal.type("\x10")
        terminal.wait_for("Switch between the trend")
        terminal.type("\x1b[6~\x1b[6~\x1b[5~\x1b[5~\x1b[B\x1b[B\x1b[A")
        terminal.type("nothing like it")
        terminal.wait_for("No matches found")
        terminal.type("\r\x1b")
        terminal.wait_for(lambda text: "No matches found" not in text)
        terminal.type("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.soak
@pytest.mark.parametrize("state", [*STATES, "live"])
def test_twenty_thousand_keys_and_five_hundred_sizes_are_safe(tmp_path, state, capsys):
    began = time.monotonic()
    pressed = press(state, tmp_path, KEYS_A_PIECE, RESIZES_A_PIECE, "long")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{state}: {pressed.keys} keys, {pressed.resizes} sizes, {pressed.starts} starts, "
            f"{pressed.answers} answers, {time.monotonic() - began:.0f} s\n"
        )
    assert pressed.keys >= KEYS_A_PIECE
