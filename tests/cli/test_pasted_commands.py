"""Every command that the program prints, shows or copies works when it is pasted.

The runs lie in a folder that is not the default one and has a space in its name.
"""

import base64
import json
import os
import re
import shlex
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from support.explored_runs import called_once, explored_run
from support.fake_trainer import fake_trainer
from support.logs import NOW, epoch_ended, live, losses, run_with, started
from support.real_runs import wait_until
from support.run_events import ended
from support.shells import LEAVE_ALTERNATE_SCREEN
from support.terminal import PROGRAM, RawTerminal

from vae_tui.errors import VaeTuiError
from vae_tui.evaluation import assess
from vae_tui.run import control
from vae_tui.run.commands import Command
from vae_tui.run.events import Diverged, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run

WORD = r"""(?:'[^']*'|"[^"]*"|[^\s;'"│])+"""
COMMAND = re.compile(f"vae-tui(?: {WORD})*")
"""A command in a sentence ends before a semicolon, or before words that are none of it."""
AFTER = re.compile(r"(,| asks it| \(| finds| ends).*")
COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07")
COPIED_IN_VIEWS = {1: "sample", 2: "sample", 3: "decode", 4: "map", 5: "eval", 6: "runs"}
PICTURES = ("sample", "morph", "decode", "map")


def not_measured(*_: object) -> None:
    raise VaeTuiError("this takes seconds, and there is no data set")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder of the runs; the working folder is another, and no trainer can be started."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("VAE_TUI_RUNS_DIR", raising=False)
    monkeypatch.setattr(control, "start", lambda *_: 1)
    monkeypatch.setattr(assess, "assess_run", not_measured)
    handlers = {number: signal.getsignal(number) for number in control.TRAINER_SIGNALS}
    yield tmp_path / "my runs"
    for number, handler in handlers.items():  # training in plain lines sets its own
        signal.signal(number, handler)


def commands_in(*texts: str) -> set[str]:
    """Return every command in the texts; there is at least one."""
    found = {AFTER.sub("", match[0]) for text in texts for match in COMMAND.finditer(text)}
    found.discard("vae-tui")  # as an error begins
    assert found, texts
    return found


def assert_works(command: str) -> None:
    """Paste a command; its exit code is not that of wrong usage."""
    program, *arguments = shlex.split(command)
    assert program == "vae-tui"
    if arguments and arguments[0] in PICTURES and "-o" not in arguments:
        arguments += ["-o", "picture.png"]  # there is no terminal
    code, _, err = called_once(arguments)
    assert code in (0, 1), (command, err)
    assert "no run" not in err


def said(*line: str) -> str:
    """Return everything that a command prints."""
    _, out, err = called_once(list(line))
    return out + err


def finished(folder: Path) -> Run:
    return run_with(folder, started(), losses(18), epoch_ended(3, 100.0), ended("finished", "", 18))


def ended_with(reason: str) -> Callable[[Path], Run]:
    return lambda folder: run_with(folder, started(), losses(3), ended(reason, "", 3))


def lost(folder: Path) -> Run:
    return run_with(folder, started(), losses(3))


def diverged(folder: Path) -> Run:
    events = Diverged(time=NOW, step=4, what="bce", last_good_step=3), ended("failed", "bce", 3)
    return run_with(folder, started(), losses(3), *events)


NOT_LIVE = {
    "finished": finished,
    "stopped": ended_with("stopped"),
    "failed": ended_with("failed"),
    "diverged": diverged,
    "lost": lost,
}


@pytest.mark.parametrize("make", NOT_LIVE.values(), ids=NOT_LIVE)
def test_what_is_said_of_a_run_that_is_not_live_works(folder, make):
    run = make(folder)
    path = str(run.path)
    lines = [
        ["runs", "--runs-dir", str(folder)],
        ["status", path],
        ["wait", path],
        ["stop", path],
        ["pause", path],
        ["set", path, "beta=4"],
        ["set", path],
        ["sample", path, "-o", "x.png"],
        ["eval", path, "--step", "3"],
        ["attach", path],
        ["train", "--resume", path],
        ["resume", path],
        ["train", "--name", run.name, "--runs-dir", str(folder)],
    ]
    (record,) = json.loads(said("runs", "--json", "--runs-dir", str(folder)))
    for command in commands_in(record["next"], *(said(*line) for line in lines)):
        assert_works(command)


def test_what_is_said_of_a_live_run_works(folder):
    run = finished(folder)
    path = str(run.path)
    with fake_trainer(run):
        paused = [
            said("pause", path),
            said("runs", "--runs-dir", str(folder)),
            said("status", path),
        ]
        resumed = [said("resume", path), said("status", path)]
        for command in commands_in(*paused, *resumed):
            if " attach " not in command:  # it would wait until the run ends
                assert_works(command)
    assert any(" resume " in command for command in commands_in(*paused))


def test_what_is_said_of_a_stalled_run_works(folder):
    run = lost(folder)
    os.utime(run.events, (NOW, NOW))
    lock = live(run)
    commands = commands_in(said("status", str(run.path)))
    os.close(lock)
    assert all(" stop " in command for command in commands)
    with fake_trainer(run):
        for command in commands:
            assert_works(command)


def test_what_is_said_of_an_empty_folder_or_one_without_results_works(folder):
    run = run_with(folder)
    texts = [said(*line) for line in (["export", str(run.path), "-o", "losses.csv"],)]
    empty = str(folder / "empty")
    texts += [said(command, "--runs-dir", empty) for command in ("runs", "attach", "status")]
    for command in commands_in(*texts):
        assert_works(command)
    assert (folder / "empty").is_dir(), "a run is started in the folder that was given"


def test_what_a_screen_copies_shows_and_says_when_it_is_left_works(folder):
    run = explored_run(folder, "plain")
    run = Run(run.path.rename(folder / "it's mine"))
    copied: list[str] = []
    with fake_trainer(run):
        terminal = RawTerminal([*PROGRAM, "attach", str(run.path)], columns=160, rows=40)
        try:
            for number, name in COPIED_IN_VIEWS.items():
                terminal.type(str(number))
                copied.append(wait_until(partial(_copied, terminal, f"vae-tui {name} ")))
            terminal.type("q")
            terminal.wait_for("come back: ")
            assert "vae-tui attach " in terminal.text.split("come back: ")[1]
            terminal.type("k")
            assert terminal.wait_for_end() == 0
        finally:
            terminal.kill()
        run.send(Command(command="stop"))
        wait_until(lambda: not run.is_live())
    *_, last_lines = bytes(terminal.raw).split(LEAVE_ALTERNATE_SCREEN)
    for command in {*copied, *commands_in(last_lines.decode())}:
        assert_works(command)


def _copied(terminal: RawTerminal, begin: str) -> str:
    """Press y; return what was copied last if it begins so, else nothing."""
    terminal.type("y")
    terminal.read(0.2)  # nothing is copied before the view has read the run
    found = [base64.b64decode(text).decode() for text in COPIED.findall(bytes(terminal.raw))]
    return found[-1] if found and found[-1].startswith(begin) else ""


def test_what_a_diverged_run_says_names_no_placeholder(folder):
    run = diverged(folder)
    append(run.events, encode(ended("failed", "BCE is not finite after step 4", 3)))
    for line in (["status"], ["attach"], ["wait"]):
        assert " RUN" not in said(*line, str(run.path))
