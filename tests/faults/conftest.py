import pytest
from support.shells import Shell


@pytest.fixture
def shell(tmp_path):
    made = Shell(tmp_path)
    yield made
    made.end_everything()
