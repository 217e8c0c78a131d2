"""All runs of a folder in the real program on a real terminal: one is opened, one is laid over."""

import re
import shutil
import termios
from collections.abc import Iterator
from operator import le
from pathlib import Path

import pytest
from support.explored_runs import live_run
from support.fake_trainer import fake_trainer
from support.processes import give_way
from support.shells import LEAVE_ALTERNATE_SCREEN, Shell, assert_it_goes_on, assert_restored
from support.tiny_runs import NoCommands, tiny_config

from vae_tui.run.commands import Command
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train


@pytest.fixture
def shell(tmp_path):
    made = Shell(tmp_path)
    yield made
    made.end_everything()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Return the folder of a run of two epochs that has finished; tests copy it."""
    config = tiny_config(epochs=2)
    run = create(tmp_path_factory.mktemp("finished"), None, config)
    assert train(run, config, NoCommands(), Ranks()) == 0
    return run.path


def copy(run: Path, folder: Path) -> None:
    """Copy a run; the copy counts as created now."""
    shutil.copytree(run, folder)
    (folder / "config.json").touch()


@pytest.fixture(scope="module")
def live_and_ended(tmp_path_factory, finished) -> Iterator[Shell]:
    """Give a shell with a run that has finished and a newer one, `run`, that is live."""
    shell = Shell(tmp_path_factory.mktemp("two"))
    copy(finished, shell.runs_dir / "ended")
    with fake_trainer(live_run(shell.runs_dir, "run")):
        yield shell


def cost_of(terminal) -> tuple[int, int]:
    """Return how many threads and descriptors the program has."""
    folder = Path(f"/proc/{terminal.pid}")
    return len(list((folder / "task").iterdir())), len(list((folder / "fd").iterdir()))


def settled(terminal) -> tuple[int, int]:
    """Return the cost of the program, once that stays the same for a second.

    Threads of the screen before look ten times a second whether they should end.
    """
    seen: list[tuple[int, int]] = []
    while len(seen) < 6 or len(set(seen[-6:])) > 1:
        assert len(seen) < 300, f"never the same for a second: {seen}"
        terminal.read(0.2)
        seen.append(cost_of(terminal))
    return seen[-1]


def test_enter_opens_another_run_on_the_same_terminal_and_the_one_left_goes_on(shell, finished):
    copy(finished, shell.runs_dir / "ended")
    terminal = shell.screen(
        "--name", "live", "--dataset", "digits", "--epochs", "5000", "--hidden", "32"
    )
    terminal.wait_for("reconstructions")
    live = Run(shell.runs_dir / "live")
    give_way(live.pid())
    terminal.type("6")
    terminal.wait_for(re.compile(r"> ● live +running").search)
    terminal.wait_for(re.compile(r"ended +finished +2\.0/2").search)
    terminal.type("\x1b[B\r")
    terminal.wait_for(re.compile(r"^ vae-tui +ended +● finished", re.MULTILINE).search)
    terminal.wait_for("reconstructions")
    assert_it_goes_on(live)
    assert b"continues" not in terminal.raw
    live.send(Command(command="pause"))  # live all the same, and the test shares two cores
    usual = None
    for name in ("live", "ended") * 2:
        terminal.type("6")
        terminal.wait_for(re.compile(r"● (live|ended)").search)
        terminal.type("\x1b[F\x1b[A\x1b[A\r" if name == "live" else "\x1b[H\x1b[B\r")
        terminal.wait_for(
            re.compile(rf"^ vae-tui +{name} +● (running|paused|finished)", re.MULTILINE).search
        )
        terminal.wait_for("reconstructions")
        if name == "ended":
            usual = usual or settled(terminal)
            # Else something of the run before is left over.
            terminal.wait_for(lambda _, usual=usual: all(map(le, cost_of(terminal), usual)))
    terminal.type("q")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)
    lines = termios.tcgetattr(terminal.descriptor)[3]
    assert lines & termios.ICANON
    assert lines & termios.ECHO
    live.send(Command(command="resume"))
    assert_it_goes_on(live)


def test_x_lays_a_run_over_this_one_and_the_run_that_vanished_is_a_note(shell, finished):
    for name in ("first", "second"):
        copy(finished, shell.runs_dir / name)
    terminal = shell.screen("attach", "second")
    terminal.wait_for("reconstructions")
    terminal.type("6")
    terminal.wait_for(re.compile(r"> ● second +finished").search)
    terminal.wait_for("first")
    terminal.type("\x1b[Bx")
    terminal.wait_for(re.compile(r"> ■ first +finished").search)
    terminal.type("1")
    terminal.wait_for(re.compile(r"BCE.* first \d+\.\d").search)
    terminal.wait_for(re.compile(r"KL.* first \d+\.\d").search)
    terminal.wait_for(re.compile(r"first · step \d+").search)
    terminal.type("6x")  # faster than the view is there
    terminal.wait_for(re.compile(r">   first +finished").search)
    (shell.runs_dir / "first").rename(shell.folder / "elsewhere")
    terminal.type("\r")
    terminal.wait_for("first is not there any more")
    terminal.type("1")
    terminal.wait_for("reconstructions")
    terminal.type("q")
    assert terminal.wait_for_end() == 0


def open_first_run(terminal):
    """Open the first run of the list once that shows it as running."""
    terminal.type("6")
    terminal.wait_for(re.compile(r"run +running").search)
    terminal.type("\x1b[H\r")


def test_ctrl_c_between_two_screens_ends_nothing(live_and_ended):
    with live_and_ended.screen("attach", "ended") as terminal:
        terminal.wait_for("reconstructions")
        open_first_run(terminal)
        terminal.wait_for(lambda _: LEAVE_ALTERNATE_SCREEN in terminal.raw)
        terminal.type("\x03")
        terminal.wait_for(re.compile(r"^ (vae-tui +)?run +● running", re.MULTILINE).search)
        terminal.type("\x03")  # opens the question, or closes the one that the first key opened
        terminal.type("\x1b")
        terminal.wait_for("reconstructions")
        live = Run(live_and_ended.runs_dir / "run")
        assert live.is_live()
        assert not live.commands.exists()


def test_the_last_run_of_several_is_the_one_that_is_said_to_go_on(live_and_ended):
    with live_and_ended.screen("attach", "ended") as terminal:
        terminal.wait_for("finished")
        open_first_run(terminal)
        terminal.wait_for(re.compile(r"^ (vae-tui +)?run +● running", re.MULTILINE).search)
        terminal.wait_for("reconstructions")
        terminal.type("qk")
        assert terminal.wait_for_end() == 0
        said = re.findall(rb"continues; come back with: vae-tui attach \S*\brun\b", terminal.raw)
        assert len(said) == 1
