import pytest
from support.explored_runs import explored_run

from vae_tui.run.folder import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Run:
    return explored_run(tmp_path_factory.mktemp("runs"))
