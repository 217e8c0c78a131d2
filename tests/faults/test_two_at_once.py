"""Two who want the same run at the same time, and versions that do not know each other."""

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.logs import epoch_ended, losses, run_with, started
from support.processes import PATIENCE_SECONDS
from support.real_runs import ENDLESS, ended, logged_events, running_aside, wait_until
from support.shells import Shell, assert_it_goes_on
from support.terminal import PROGRAM
from support.tiny_runs import only

from vae_tui.run import control
from vae_tui.run.commands import Command
from vae_tui.run.events import Paused, Resumed, RunEnded, RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state


def at_once(shell: Shell, *commands: str) -> list[subprocess.CompletedProcess[str]]:
    """Run commands of the shell side by side; return how they ended."""
    begun = [
        subprocess.Popen(
            [*PROGRAM, command],
            env={**os.environ, **shell.environment},
            cwd=shell.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    done = []
    for process in begun:
        out, errors = process.communicate(timeout=PATIENCE_SECONDS)
        done.append(subprocess.CompletedProcess(process.args, process.returncode, out, errors))
    return done


@pytest.fixture
def live(shell: Shell) -> Iterator[Run]:
    """Give a run that trains, with no screen."""
    with running_aside(shell.runs_dir) as run:
        yield run


@contextlib.contextmanager
def frozen(run: Run) -> Iterator[None]:
    """Stop the trainer for a while."""
    pid = run.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_two_screens_steer_one_run_and_both_show_what_either_did(shell: Shell, live: Run):
    live.send(Command(command="pause"))
    one, two = shell.screen("attach"), shell.screen("attach")
    for each in (one, two):
        each.wait_for("reconstructions")
        each.wait_for("paused")
    for state in ("running", "paused", "running"):
        with frozen(live):  # so that both press p in the same state
            sent = live.commands.read_bytes().count(b"\n")
            for each in (one, two):
                each.type("p")
            wait_until(lambda sent=sent: live.commands.read_bytes().count(b"\n") == sent + 2)
        for each in (one, two):
            each.wait_for(state)
    assert [
        type(event) for event in logged_events(live) if isinstance(event, (Paused, Resumed))
    ] == [
        *(Paused, Resumed),
        *(Paused, Resumed),
    ]
    two.type("q")
    two.wait_for("Stop and save")
    two.type("s")
    assert two.wait_for_end() == 0
    one.wait_for("stopped and saved at step")
    one.type("p")
    one.wait_for("running")
    assert_it_goes_on(live)


def assert_stop_and_more_are_answered_truly(shell: Shell, live: Run, *commands: str) -> None:
    """Assert that a stop beside another command ends the run, and that both answers are true."""
    for done in at_once(shell, *commands):
        words = done.stdout + done.stderr
        assert re.search(r"is (stopped|paused)", words), (commands, words)
    wait_until(lambda: not live.is_live())
    last = logged_events(live)[-1]
    assert isinstance(last, RunEnded), commands
    assert last.reason == "stopped", commands
    assert load_state(live.trainer_state)["step"] == last.step, commands


def assert_one_of_many_resumes_starts_a_trainer(shell: Shell, live: Run) -> None:
    """Assert that of resumes at once one starts a trainer, and that the others name it."""
    before = len(only(RunStarted, logged_events(live)))
    answers = at_once(shell, *["resume"] * 4)
    assert sorted(done.returncode for done in answers) == [0, 2, 2, 2], answers
    pid = live.pid()
    for done in answers:
        assert f"(pid {pid})" in (done.stdout or done.stderr)
    wait_until(lambda: only(RunStarted, logged_events(live))[-1].pid == pid)
    assert len(only(RunStarted, logged_events(live))) == before + 1


def test_commands_at_once_end_or_continue_the_run_and_each_is_answered_truly(
    shell: Shell, live: Run
):
    assert_stop_and_more_are_answered_truly(shell, live, "stop", "pause")
    assert_one_of_many_resumes_starts_a_trainer(shell, live)
    assert_stop_and_more_are_answered_truly(shell, live, "pause", "stop")
    control.start(live, ENDLESS)
    wait_until(lambda: len(only(RunStarted, logged_events(live))) == 3)
    assert_stop_and_more_are_answered_truly(shell, live, "stop", "stop")


def old_run(folder: Path) -> Run:
    return run_with(folder, started(), epoch_ended(0, 200.0), losses(3), epoch_ended(1, 90.0))


def rewrite(path: Path, change) -> None:
    lines = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_run_of_an_older_version_is_shown(shell: Shell):
    """Of the fields, only those that the first version had: the rest has to have a default."""
    run = run_with(
        shell.runs_dir, started(), epoch_ended(0, 200.0), losses(3), epoch_ended(1, 90.0)
    )
    later = {"epochs", "test_images", "floor", "collapse", "memory_bytes"}
    rewrite(run.events, lambda event: {k: v for k, v in event.items() if k not in later})
    terminal = shell.screen("attach")
    terminal.wait_for("lost")
    terminal.wait_for("−ELBO 92.0")
    terminal.type("q")
    assert terminal.wait_for_end() == 0
    assert shell.state == "lost"


def test_a_run_of_a_newer_version_is_shown_as_far_as_it_is_known(shell: Shell):
    run = run_with(
        shell.runs_dir, started(), epoch_ended(0, 200.0), losses(3), epoch_ended(1, 90.0)
    )
    rewrite(run.events, lambda event: {**event, "entropy": 1.5, "more": {"nested": [1]}})
    with run.events.open("a") as file:
        file.write('{"event":"moon_rose","time":1.0,"step":7,"phase":"full"}\n')
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps({**config, "optimizer": "lion"}))
    (run.path / "moon.bin").write_bytes(b"\0")
    terminal = shell.screen("attach")
    terminal.wait_for("−ELBO 92.0")
    terminal.type("2")
    terminal.wait_for("no readable weights")
    assert "is not an event" not in terminal.text
    terminal.type("q")
    assert terminal.wait_for_end() == 0
    assert summarise(run).test_loss == 92.0


def test_a_trainer_that_gets_no_more_memory_fails_in_words_and_goes_on_later(
    shell: Shell, live: Run
):
    pid = live.pid()
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
    last = ended(live)
    assert last.reason == "failed"
    assert last.message.startswith("out of memory")
    assert shell.answer("resume").returncode == 0
    assert_it_goes_on(live)


def test_a_runs_folder_may_have_any_name(tmp_path):
    folder = tmp_path / "über\n数字 $(touch x);'\""
    folder.mkdir()
    shell = Shell(folder)
    try:
        assert shell.answer("--epochs", "1", "--hidden", "16").returncode == 0
        path = str(shell.run.path)
        listed = json.loads(shell.answer("runs", "--json").stdout)
        assert [row["path"] for row in listed] == [path]
        again = shell.answer("resume", path)
        assert again.returncode == 2
        assert again.stderr.startswith(f"vae-tui: {shell.run.name} has finished all its epochs (1)")
        terminal = shell.screen("attach", path)
        terminal.wait_for("finished")
        terminal.type("q")
        assert terminal.wait_for_end() == 0
    finally:
        shell.end_everything()
