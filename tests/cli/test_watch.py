"""The screen of a run that has no trainer yet."""

import sys

from support.shells import Shell, wait_until
from support.terminal import RawTerminal

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
        terminal.wait_for("starting")
        terminal.type("q")
        terminal.wait_for("keep training")
        terminal.type("k")
        assert terminal.wait_for_end() == 0
        assert "early continues" in terminal.text
        wait_until(shell.run.is_live)
    finally:
        shell.end_everything()
