"""A run with colour images, which this version cannot draw: refused in one line."""

import os
import subprocess
import sys
import threading

import pytest
from support.logs import NOW, losses, run_with, started

from vae_tui.image_shape import ImageShape
from vae_tui.run.events import RunEnded
from vae_tui.tui.feed.runs_reader import RunsFolder
from vae_tui.tui.messages import RunsListed

WHY = "its images are in colour (28x28x3): this version draws grey images only"


@pytest.fixture
def colour_run(tmp_path):
    ended = RunEnded(time=NOW, step=3, reason="finished")
    return run_with(tmp_path, started(), losses(3), ended, image_shape=ImageShape(28, 28, 3))


def answer(*arguments: str, **streams: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vae_tui", *arguments],
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams},
        env={**os.environ, "TERM": "xterm-256color"},
        text=True,
        check=False,
    )


def test_the_screen_is_not_opened_for_it(colour_run):
    controller, terminal = os.openpty()
    try:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
        done = answer("attach", str(colour_run.path), **streams)
        said = os.read(controller, 10_000).decode()
    finally:
        os.close(controller)
        os.close(terminal)
    assert (done.returncode, said.count("\n")) == (2, 1)
    assert f"{colour_run.name}: {WHY}" in said


@pytest.mark.parametrize(("command", "suffix"), [("sample", ".png"), ("movie", ".gif")])
def test_commands_that_draw_refuse_it(colour_run, tmp_path, command, suffix):
    done = answer(command, str(colour_run.path), "-o", str(tmp_path / f"x{suffix}"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"{colour_run.name}: {WHY}" in done.stderr


def test_the_list_of_runs_says_so_and_opens_it_on_no_screen(colour_run, tmp_path):
    folder, listed = RunsFolder(tmp_path, colour_run.path), []
    stop = threading.Event()

    def take(message):
        listed.append(message)
        stop.set()

    folder.follow(take, stop)
    assert isinstance(listed[-1], RunsListed)
    (row,) = listed[-1].runs.rows
    assert row.wrong == WHY
    assert row.summary.state == "finished"
    assert folder.open_refusal(colour_run.path) == f"{colour_run.name} cannot be opened: {WHY}"
