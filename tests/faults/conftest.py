import pytest
from support.shells import Shell


@pytest.fixture
def shell(tmp_path):
    made = Shell(tmp_path)
    yield made
    made.end_everything()


@pytest.fixture(scope="session")
def ended(tmp_path_factory):
    """Return a shell with one finished run."""
    shell = Shell(tmp_path_factory.mktemp("ended"))
    assert shell.answer("--epochs", "2", "--hidden", "16").returncode == 0
    yield shell
    shell.end_everything()
