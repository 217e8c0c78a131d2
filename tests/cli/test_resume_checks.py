"""What a resume needs on this machine is checked before a trainer is started."""

import platform
import sys

import pytest
from support.tiny_runs import tiny_config

from vae_tui.cli.start import config_here
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.control import RunSteering
from vae_tui.run.runs_folder import create


@pytest.mark.skipif(platform.system() == "Darwin", reason="there may be an Apple GPU")
def test_a_device_that_is_not_here_is_named_without_advice_that_a_resume_cannot_follow():
    with pytest.raises(UsageError, match=r"the run has --device mps: there is no Apple GPU here$"):
        config_here(tiny_config(device="mps"))


def test_a_data_set_that_is_not_here_is_named(tmp_path):
    with pytest.raises(VaeTuiError, match="kmnist is not in"):
        config_here(tiny_config(dataset="kmnist", data_dir=str(tmp_path)))


def test_a_package_that_is_not_here_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UsageError, match=r"pip install 'vae-tui\[tensorboard\]'"):
        config_here(tiny_config(tensorboard=True))


def test_a_run_that_lacks_something_is_not_started_and_its_lock_stays_free(tmp_path):
    run = create(tmp_path, "run", tiny_config())

    def refuse(config):
        raise VaeTuiError("something is missing")

    with pytest.raises(VaeTuiError, match="something is missing"):
        RunSteering(run, run.config(), adapt=refuse).restart()
    assert not run.is_live()
    assert not run.log.exists()
