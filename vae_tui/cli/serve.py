"""``vae-tui serve``: the screen in a browser."""

from functools import partial
from pathlib import Path

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines
from vae_tui.cli.options import option
from vae_tui.errors import UsageError
from vae_tui.run.runs_folder import find, holds_run
from vae_tui.text import printable

INSTALL = "pip install 'vae-tui[web]'"


@click.command()
@options.run_argument
@options.runs_dir_option
@option("--host", default="127.0.0.1", show_default=True,
        help="Address to listen on; anyone who can reach it can steer the run.")  # fmt: skip
@option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True,
        help="Port to listen on.")  # fmt: skip
@click.option("--read-only", is_flag=True, help="Send no commands.")
def serve(run: str | None, runs_dir: Path, host: str, port: int, read_only: bool) -> None:
    """Show a run's screen in a browser, until ctrl+c."""
    found = find(runs_dir, run)
    try:
        from vae_tui.web import server
    except ModuleNotFoundError as error:
        raise UsageError(f"serve needs {error.name}: {INSTALL}") from None
    folder = found.path.parent
    more = ["--read-only"] if read_only else []

    def command(name: str | None) -> list[str]:
        path = folder / name if name else found.path
        if path.parent != folder or not holds_run(path):
            raise KeyError(f"no run {name!r:.80} in {folder}")
        return server.attach(path, "--runs-dir", str(folder), *more)

    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    announce = partial(print_lines, f"{found.name}: {address}; ctrl+c ends it, training continues")
    try:
        server.serve(host, port, printable(found.name), command, announce)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"cannot listen on {host}:{port}: {reason}; try another --port") from None
