"""What went wrong, as the command line says it: one line on stderr."""

import sys

from vae_tui.words import printable


def complain(message: str) -> None:
    """Say it on stderr."""
    # One line, and nothing in it steers the terminal: it may quote a stranger's file.
    print(f"vae-tui: {printable(' '.join(message.split()))}", file=sys.stderr)  # noqa: T201
