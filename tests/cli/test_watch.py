"""Leaving, or ctrl+c, before the trainer of a new run has been started."""

import os
import subprocess
import sys

import pytest
from support.processes import PATIENCE_SECONDS
from support.shells import Shell, wait_until
from support.terminal import RawTerminal

from vae_tui.run.summary import summarise

NEVER_LOADS = """
from vae_tui.tui.terminal_app import TerminalApp
TerminalApp.load_after_first_paint = lambda *_: None
from vae_tui.cli.main import main
main()
"""
"""Stands for a user who is faster than the first 0.3 s."""


def test_leaving_a_new_run_to_train_before_its_trainer_was_started_starts_it(tmp_path):
    shell = Shell(tmp_path)
    terminal = RawTerminal(
        [sys.executable, "-c", NEVER_LOADS, "--name", "early", "--hidden", "16"],
        environment=shell.environment,
        cwd=tmp_path,
    )
    shell.terminals.append(terminal)
    try:
        terminal.wait_for("loading")
        terminal.type("q")
        terminal.wait_for("Keep training")
        terminal.type("k")
        assert terminal.wait_for_end() == 0
        assert "early continues" in terminal.text
        wait_until(shell.run.is_live)
    finally:
        shell.end_everything()


INTERRUPTED_BEFORE_THE_START = """
import os, signal
from vae_tui.run import control
start = control.start
def interrupted(*given):
    os.kill(os.getpid(), signal.NUMBER)
    return start(*given)
control.start = interrupted
from vae_tui.cli.main import main
main()
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGUSR1", 0)])
def test_a_signal_before_the_trainer_of_plain_lines_was_started_stops_it(tmp_path, number, code):
    shell = Shell(tmp_path)
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-c", INTERRUPTED_BEFORE_THE_START.replace("NUMBER", number)),
                *("--headless", "--hidden", "16"),
            ],
            env={**os.environ, **shell.environment},
            cwd=tmp_path,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert summarise(shell.run).state == "stopped"
    finally:
        shell.end_everything()
