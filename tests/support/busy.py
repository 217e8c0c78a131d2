"""Other programs that use the processor while a test runs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BUSY_SECONDS = 2.0
"""CPU time that a neighbour uses: it ends while a long test goes on, as other programs do."""
PROGRAM = f"import time\nwhile time.process_time() < {BUSY_SECONDS}: pass"


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Keep one core busy for `BUSY_SECONDS` of its time."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM])
    try:
        yield
    finally:
        process.kill()
        process.wait()
