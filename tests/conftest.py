"""Settings of all tests: Hypothesis without time limits, and no process outlives its test."""

import os

import hypothesis
import pytest
from support.leftovers import adopt_orphans, children, end

hypothesis.settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("default")


def pytest_configure() -> None:
    adopt_orphans()


@pytest.fixture(autouse=True)
def leaves_no_process():
    """Fail a test that leaves a process behind, and end that process."""
    before = children()
    yield
    left = end(children() - before)
    assert not left, f"still running after the test: {left}"
