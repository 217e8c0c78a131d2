"""Printing to stdout and stderr, safe for any terminal."""

import sys
import traceback

import click

from vae_tui.text import printable, printable_lines


def print_error(message: str) -> None:
    """Print a message to stderr as one line."""
    # Printable: it may quote an untrusted file.
    print(f"vae-tui: {printable(' '.join(message.split()))}", file=sys.stderr)  # noqa: T201


def show_traceback() -> None:
    """Print the traceback of the current error if ``--debug`` is given."""
    if "--debug" in sys.argv:
        print(printable_lines(traceback.format_exc()), file=sys.stderr)  # noqa: T201


def print_lines(*lines: str) -> None:
    """Print lines to stdout, control characters replaced."""
    for line in lines:
        click.echo(printable(line))
