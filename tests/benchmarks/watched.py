"""A program on a terminal of its own, and when what came of it; nothing is drawn of it."""

import os
import re
import select
import signal
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from support.terminal import Terminal

MINIMAL = [sys.executable, str(Path(__file__).with_name("minimal_app.py"))]
CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
PAINTED = b"loading ..."
DIGITS = re.compile("▀|▄".encode())
PATIENCE_SECONDS = 60.0


class Watched(Terminal):
    """Keeps what comes, undrawn: an emulator in Python would take a core from the program."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.received = b""
        columns, rows = size
        own = {
            "VAE_TUI_RUNS_DIR": str(folder / "runs"),
            "VAE_TUI_DATA_DIR": str(folder),
            "PYTHONDONTWRITEBYTECODE": "",  # modules are compiled once, as for a user
            **(environment or {}),
        }
        super().__init__(command, columns=columns, rows=rows, environment=own, cwd=folder)

    def take(self, seconds: float) -> None:
        """Keep all that comes for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._take_one(left)

    def until(self, what: bytes | re.Pattern[bytes] | Callable[[bytes], object]) -> float:
        """Return the seconds from the exec to the moment when ``what`` had come."""
        found = _test_of(what)
        while not found(self.received):
            if time.monotonic() - self.began > PATIENCE_SECONDS or not self._take_one(0.5):
                raise AssertionError(f"{what!r} has not come:\n{self.received[-2000:]!r}")
        return time.monotonic() - self.began

    def since_now(self, what: bytes | re.Pattern[bytes]) -> Callable[[bytes], object]:
        """Return the condition that ``what`` comes after all that is here already."""
        found, start = _test_of(what), len(self.received)
        return lambda received: found(received[start:])

    def memory_peak(self) -> float:
        """Return the largest resident size so far, in MB."""
        return memory_peak(self.pid)

    def kill(self) -> None:
        """End the program at once."""
        os.kill(self.pid, signal.SIGKILL)
        self.close()

    def _take_one(self, seconds: float) -> bool:
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return True
        try:
            block = os.read(self.descriptor, 1 << 16)
        except OSError:
            return False
        self.received += block
        return bool(block)


def memory_peak(pid: int) -> float:
    """Return a process's largest resident size so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def row(
    what: str, values: list[float], unit: str, reference: list[float], limit: str
) -> dict[str, object]:
    """Return a row of the table: a median, its reference's, and the ratio of the two."""
    value, against = statistics.median(values), statistics.median(reference)
    return {
        "what": what,
        "median": value,
        "unit": unit,
        "worst": max(values),
        "reference": against,
        "ratio": value / against,
        "limit": limit,
    }


def _test_of(
    what: bytes | re.Pattern[bytes] | Callable[[bytes], object],
) -> Callable[[bytes], object]:
    if isinstance(what, bytes):
        return lambda received: what in received
    return what.search if isinstance(what, re.Pattern) else what
