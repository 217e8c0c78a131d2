"""Lines of the trainer's log."""

import contextlib
import sys


def log(text: str) -> None:
    """Write a line to the log, which may lie on a full disk."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
