"""Options that several commands share."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from vae_tui.cli import completion
from vae_tui.data.catalogue import is_present, resolve
from vae_tui.errors import VaeTuiError
from vae_tui.run.config import Limits, RunConfig, check_choice, check_number
from vae_tui.run.runs_folder import USUAL_FOLDER

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Choice(click.Choice[str]):
    """One of some words; the error for another word names the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word; UsageError unless it is one of the choices."""
        name = param.opts[0].removeprefix("--") if param else ""
        check_choice(name, str(value), tuple(self.choices))
        return super().convert(value, param, ctx)


def option(name: str, *more: Any, **settings: Any) -> Callable[[_Function], _Function]:
    """Return a click option that also reads ``VAE_TUI_<NAME>``."""
    variable = "VAE_TUI_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, *more, envvar=variable, show_envvar=True, **settings)


runs_dir_option = option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=USUAL_FOLDER,
    help="Folder of the runs.",
)
data_dir_option = option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    show_default="the user's cache",
    help="Folder of the data sets, in torchvision's layout.",
)
fps_option = option(
    "--fps", type=int, metavar="N", callback=lambda _, __, fps: checked_fps(fps),
    show_default="slower on a slow link",
    help="Redraw pictures and charts at most N times a second, 1 to 60.",
)  # fmt: skip
notify_option = option(
    "--notify", is_flag=True,
    help="Notify through the terminal (OSC 9, OSC 777) when the run ends, diverges or collapses.",
)  # fmt: skip
device_option = option(
    "--device",
    default="auto",
    help="auto, cpu, cuda, cuda:N or mps.",
    shell_complete=completion.one_of("auto", "cpu", "cuda", "cuda:0", "mps"),
)
step_option = option(
    "--step", type=int, help="Use the weights kept at this step, not the newest.",
    shell_complete=completion.kept_steps,
)  # fmt: skip
run_argument = click.argument(
    "run", required=False, metavar="[RUN]", shell_complete=completion.run_names
)
required_run_argument = click.argument("run", metavar="RUN", shell_complete=completion.run_names)


def plain_runs_dir() -> Path | None:
    """Return the folder in which a command without --runs-dir looks for runs.

    None if VAE_TUI_RUNS_DIR chooses it, which may not be set where a command is pasted.
    """
    context = click.get_current_context(silent=True)
    if context is None or os.environ.get("VAE_TUI_RUNS_DIR"):
        return None
    return Path(context.lookup_default("runs_dir") or USUAL_FOLDER)


def checked_fps(fps: int | None) -> int | None:
    """Return ``fps``; raise UsageError unless it is None or from 1 to 60."""
    if fps is not None:
        check_number("fps", fps, Limits(1, 60))
    return fps


def output_option(kinds: str, *, required: bool = False) -> Callable[[_Function], _Function]:
    """Return the option ``-o``."""
    return option(
        "--output", "-o", type=click.Path(path_type=Path), metavar="FILE",
        required=required, help=f"Write {kinds}" + ("." if required else ", not to the terminal."),
    )  # fmt: skip


def folder_for_data(data_dir: Path | None) -> Path:
    """Return ``data_dir``, else the user's cache."""
    if data_dir:
        return data_dir
    try:
        from platformdirs import user_cache_path
    except ImportError:  # doctor reports it
        return Path("~/.cache/vae-tui").expanduser()
    return user_cache_path("vae-tui")


def folder_of_data(config: RunConfig, data_dir: Path | None) -> str:
    """Return the folder that holds a run's data set; VaeTuiError if there is none.

    Tried are the given one, the one in its config and the user's cache.
    """
    given = [data_dir.absolute()] if data_dir else []
    folders = [*given, Path(config.data_dir), folder_for_data(None)]
    for folder in folders:
        if is_present(resolve(config.dataset, folder), folder):
            return str(folder)
    where = f" --data-dir {shlex.quote(str(data_dir))}" if data_dir else ""
    raise VaeTuiError(
        f"{config.dataset} is not in {folders[0]}; give its folder with --data-dir, "
        f"or fetch it: vae-tui --dataset {config.dataset}{where} --epochs 1"
    )
