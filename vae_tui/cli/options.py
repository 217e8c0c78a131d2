"""Options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from vae_tui.cli import completion
from vae_tui.image_shape import LARGEST_SIDE
from vae_tui.run.config import Limits, check_choice, check_number
from vae_tui.run.runs_folder import USUAL_FOLDER

SIDES, FPS = Limits(8, LARGEST_SIDE), Limits(1, 60)
CHANNELS = ("auto", "1", "3")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Choice(click.Choice[str]):
    """One of some words; the error for another word names the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word; UsageError unless it is one of the choices."""
        name = param.opts[0].removeprefix("--") if param else ""
        check_choice(name, str(value), tuple(self.choices))
        return super().convert(str(value), param, ctx)


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
    "--fps", type=int, metavar="N", callback=lambda _, __, fps: checked("fps", fps, FPS),
    show_default="slower on a slow link",
    help="Redraw pictures and charts at most N times a second, 1 to 60.",
)  # fmt: skip
size_option = option(
    "--size", type=int, metavar="N", callback=lambda _, __, size: checked("size", size, SIDES),
    show_default="their own up to 64, else 32",
    help="Resize the images of a folder or array to NxN pixels, 8 to 64.",
)  # fmt: skip
channels_option = option(
    "--channels", type=Choice(CHANNELS), default="auto",
    help="Channels of the images of a folder or array: 1 is grey, 3 is RGB; auto is 3 if they are "
    "in colour.",
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


def checked(name: str, value: int | None, limits: Limits) -> int | None:
    """Return ``value``; raise UsageError unless it is None or within the limits."""
    if value is not None:
        check_number(name, value, limits)
    return value


def output_option(kinds: str, *, required: bool = False) -> Callable[[_Function], _Function]:
    """Return the option ``-o``, which writes ``kinds``."""
    return option(
        "--output", "-o", type=click.Path(path_type=Path), metavar="FILE",
        required=required, help=f"Write {kinds}.",
    )  # fmt: skip
