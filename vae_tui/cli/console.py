"""Printing to stdout and stderr, safe for any terminal."""

import sys
import traceback
from typing import TYPE_CHECKING

import click

from vae_tui.text import printable, printable_lines

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

INTERRUPTED = 130
"""Exit code of a command that the user interrupted."""


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


def progress_bar(title: str, *columns: "ProgressColumn") -> "Progress":
    """Return a bar on stderr that vanishes at the end; it is shown only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress

    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    return Progress(title, BarColumn(), *columns, console=console, transient=True)
