import os
from dataclasses import replace

import pytest
from support.real_runs import default_config
from support.shells import Shell

from vae_tui.run.runs_folder import create
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train


@pytest.fixture
def shell(tmp_path):
    made = Shell(tmp_path)
    yield made
    made.end_everything()


@pytest.fixture(scope="session")
def ended(tmp_path_factory):
    """Return a shell with one finished run, trained in this process."""
    shell = Shell(tmp_path_factory.mktemp("ended"))
    config = replace(default_config(epochs=2), hidden=16, threads=1)
    run = create(shell.runs_dir, None, config)
    lock = run.take_lock()
    assert train(run, config, CommandFile(run.commands, 0), Ranks()) == 0
    os.close(lock)
    yield shell
    shell.end_everything()
