"""Lines of ``trainer.log``, which is the trainer's stderr."""

import contextlib
import sys


def log(text: str) -> None:
    """Write a line; ignore errors, because the log may be on a full disk."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
