"""What went wrong, as the command line says it: one line on stderr."""

import sys
import traceback

import click

from vae_tui.text import printable, printable_lines


def complain(message: str) -> None:
    """Say it on stderr."""
    # One line, and nothing in it steers the terminal: it may quote a stranger's file.
    print(f"vae-tui: {printable(' '.join(message.split()))}", file=sys.stderr)  # noqa: T201


def show_traceback() -> None:
    """Print the error being handled, where ``--debug`` asks for it; it may quote a stranger too."""
    if "--debug" in sys.argv:
        print(printable_lines(traceback.format_exc()), file=sys.stderr)  # noqa: T201


def say(*lines: str) -> None:
    """Print lines to stdout; nothing in them steers the terminal, whatever a run is called."""
    for line in lines:
        click.echo(printable(line))
