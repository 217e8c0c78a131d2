"""Output that nobody reads to its end, as where ``head`` has read enough: nothing has failed."""

import os
import subprocess
from pathlib import Path

import pytest
from support.processes import PATIENCE_SECONDS
from support.real_runs import ended
from support.terminal import PROGRAM

from vae_tui.run.commands import Command
from vae_tui.run.folder import Run


def errors_with_no_reader(arguments: list[str], folder: Path) -> str:
    """Run the program where nobody reads; return what it says on stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=folder,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 0
    return done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["train", "--help"], ["runs"], ["runs", "--json"]],
    ids=" ".join,
)
def test_output_that_nobody_reads_is_no_failure(tmp_path, arguments):
    assert errors_with_no_reader([*arguments], tmp_path) == ""


def test_a_trainer_that_is_started_where_nobody_reads_is_reported(tmp_path):
    command = ["train", "--headless", "--dataset", "digits", "--epochs", "500000", "--hidden", "16"]
    errors = errors_with_no_reader([*command, "--runs-dir", str(tmp_path)], tmp_path)
    (folder,) = tmp_path.iterdir()
    run = Run(folder)
    assert f"stdout is closed; {run.name} continues: vae-tui attach {folder}" in errors
    run.send(Command(command="stop"))
    assert ended(run).reason == "stopped"
