"""Shell completion: what completes a word, and ``vae-tui completion``.

A shell waits for it at each tab key: nothing here imports numpy, torch or textual.
"""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from vae_tui.data.catalogue import DATASETS
from vae_tui.errors import VaeTuiError
from vae_tui.run.config import SETTINGS
from vae_tui.run.runs_folder import USUAL_FOLDER, all_runs, find

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_SHELLS = ("bash", "zsh", "fish")


def one_of(*values: str) -> "Complete":
    """Return a completion from fixed values."""
    return lambda context, parameter, begin: _items(values, begin)


def data_sets(
    context: click.Context, parameter: click.Parameter, begin: str
) -> "list[CompletionItem]":
    """Complete the name of a data set, else a path."""
    from click.shell_completion import CompletionItem

    return _items(("auto", *DATASETS), begin) or [CompletionItem(begin, type="file")]


def run_names(
    context: click.Context, parameter: click.Parameter, begin: str
) -> "list[CompletionItem]":
    """Complete the names of the runs in the folder of ``--runs-dir``, else a path.

    Names that would need quotes are left out: a shell inserts a completion as it is, and a folder
    of someone else's could be named like a command.
    """
    from click.shell_completion import CompletionItem

    names = [run.name for run in all_runs(_runs_dir(context)) if quote(run.name) == run.name]
    return _items(names, begin) or [CompletionItem(begin, type="dir")]


def kept_steps(
    context: click.Context, parameter: click.Parameter, begin: str
) -> "list[CompletionItem]":
    """Complete the steps whose weights the run has kept."""
    with contextlib.suppress(VaeTuiError):
        run = find(_runs_dir(context), context.params.get("run"))
        return _items(map(str, run.kept_steps()), begin)
    return []


def changes(
    context: click.Context, parameter: click.Parameter, begin: str
) -> "list[CompletionItem]":
    """Complete the name of a setting that has not been given yet."""
    given = {change.partition("=")[0] for change in context.params.get("changes") or ()}
    return _items((f"{name}=" for name in SETTINGS if name not in given), begin)


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a shell's completion script.

    For bash and zsh: eval "$(vae-tui completion bash)", in the file that the shell reads when it
    starts; for fish: vae-tui completion fish | source
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None
    program = context.find_root().command
    click.echo(script(program, {}, "vae-tui", "_VAE_TUI_COMPLETE").source())


def _items(values: Iterable[str], begin: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(value) for value in values if value.startswith(begin)]


def _runs_dir(context: click.Context) -> Path:
    return context.params.get("runs_dir") or USUAL_FOLDER
