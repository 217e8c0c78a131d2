"""Settings of all tests: Hypothesis without time limits, one thread for torch in this process.

No process outlives its test.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from support.garbage import collect_less
from support.idle_loop import IdleLoop
from support.leftovers import adopt_orphans, children, end

hypothesis.settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("default")

SPIN_COUNT, SHORT_SPIN = "GOMP_SPINCOUNT", "10000"
"""How often a thread of OpenMP looks whether it has work, before it sleeps."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="Write tests/snapshots/ anew.")


def pytest_configure() -> None:
    adopt_orphans()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:  # under nohup, or in the background
            # Programs under test would inherit that; a handler is not inherited.
            signal.signal(number, lambda *_: None)
    # The config file of whoever runs the tests changes no default here.
    os.environ["XDG_CONFIG_HOME"] = os.devnull
    # Threads of this process spin no longer than a trainer's: torch reads it when it is imported.
    os.environ.setdefault(SPIN_COUNT, SHORT_SPIN)
    # Programs under test compile the package once, and pytest rewrites the tests once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories() -> dict[str, Callable[[], IdleLoop]]:
    """Run asynchronous tests on a loop that `QuickPilot` can ask (pytest-asyncio >= 1.4)."""
    return {"idle": IdleLoop}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import the tests without the garbage collector, a sixth of the CPU time that this takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    collect_less()
    if os.environ.get(SPIN_COUNT) == SHORT_SPIN:
        del os.environ[SPIN_COUNT]  # programs under test have what a user has


@pytest.fixture(autouse=True)
def one_thread():
    """Compute on one thread in this process: two, on cores that others use, spin most of the time.

    Trainer processes choose their threads as they do for a user.
    """
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def leaves_no_process():
    """Fail a test that leaves a process behind, and end that process."""
    before = children()
    yield
    left = end(children() - before)
    assert not left, f"still running after the test: {left}"
