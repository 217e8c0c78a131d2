"""The command line: `main`, ``vae-tui train`` and ``vae-tui attach``.

Imports are inside functions: ``--help`` needs neither torch nor textual.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from vae_tui import __version__
from vae_tui.cli import completion, doctor, explore, facts, options, results, runs, serve, steer
from vae_tui.cli.completion import data_sets, run_names
from vae_tui.cli.console import INTERRUPTED, print_error, show_traceback
from vae_tui.cli.images import encode, score
from vae_tui.cli.options import Choice, option
from vae_tui.cli.start import begin, begin_as_rank
from vae_tui.cli.user_config import config_file
from vae_tui.cli.user_config.commands import config as config_command
from vae_tui.cli.watch import watch
from vae_tui.errors import VaeTuiError
from vae_tui.run.config import ARCHITECTURES, KL_SCHEDULES, MODELS, PRECISIONS, RECONSTRUCTIONS
from vae_tui.run.runs_folder import find


def main() -> NoReturn:
    """Run the command line; errors are one line on stderr, and an exit code."""
    try:
        code = cli.main(prog_name="vae-tui", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        print_error(_one_line(error))
        sys.exit(2)
    except VaeTuiError as error:
        show_traceback()
        print_error(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        show_traceback()
        print_error(f"{type(error).__name__}: {error}; --debug shows the traceback")
        sys.exit(1)


_OPTIONS = ("-h", "--help", "--version")
"""The program's own options; any other one belongs to ``train``."""
_WITHOUT_CONFIG = (completion.completion, config_command, doctor.doctor)
"""Commands that run although the config file is broken."""


class DefaultToTrain(click.Group):
    """A group whose default command is ``train``: ``vae-tui --beta 4``."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command, and to it ``--debug``, which `main` reads from the command line itself."""
        text = "Show a traceback when it fails."
        subcommands = cmd.commands.values() if isinstance(cmd, click.Group) else ()
        for one in (cmd, *subcommands):
            one.params.append(
                click.Option(["--debug"], is_flag=True, expose_value=False, help=text)
            )
        if cmd not in _WITHOUT_CONFIG and cmd.callback is not None:
            cmd.callback = config_file.refuse_if_broken(cmd.callback)
        super().add_command(cmd, name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``train`` before options that are not the group's own."""
        is_command_to_come = ctx.resilient_parsing and not args  # a shell completes it
        is_option = bool(args) and args[0].startswith("-") and args[0] not in _OPTIONS
        if is_option or not (args or is_command_to_come):
            args = ["train", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands, and the options of ``train``, which may follow directly."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            train = self.commands["train"]
            with train.make_context("train", [], parent=ctx, resilient_parsing=True) as of_train:
                found += train.shell_complete(of_train, incomplete)
        return list({item.value: item for item in found}.values())

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        """Read the command line, with the defaults of the config file; answer ``--help``."""
        defaults, error = config_file.defaults_in_force(self)
        with _closed_stdout_is_success():
            context = super().make_context(*arguments, default_map=defaults, **more)
        context.meta[config_file.BROKEN] = error
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a usage error of it names it, also one of click's that does not."""
        with _closed_stdout_is_success():
            try:
                return super().invoke(ctx)
            except click.UsageError as error:
                name = ctx.invoked_subcommand or ""
                if error.ctx is None and name in self.commands:
                    error.ctx = click.Context(self.commands[name], ctx, name)
                raise


@contextlib.contextmanager
def _closed_stdout_is_success() -> Iterator[None]:
    """Exit with 0 when the reader of stdout closes it, as ``head`` does."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


@click.group(
    cls=DefaultToTrain,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
    epilog="RUN is the name of a run in the runs folder, the beginning of one, or a path; the "
    "newest run if it is left out. vae-tui COMMAND --help lists options.",
)
@click.version_option(__version__, prog_name="vae-tui")
def cli() -> None:
    """Train a variational auto-encoder in the background, watch it, explore its latent space.

    Without a command it trains: vae-tui --beta 4 is vae-tui train --beta 4.
    """


for _command in (
    *(*steer.COMMANDS, *facts.COMMANDS, *explore.COMMANDS, *results.COMMANDS),
    *(encode.encode, score.score, runs.runs, serve.serve),
    *(doctor.doctor, completion.completion, config_command),
):
    cli.add_command(_command)


@cli.command()
@option("--dataset", default="auto", metavar="NAME|PATH", shell_complete=data_sets,
        help="auto, digits, mnist, fashion-mnist, kmnist or emnist; auto is mnist if it is "
        "present, else the included digits. Or a folder of images, in sub-folders by class or "
        "not, or a .npz or .npy file of uint8 images.")  # fmt: skip
@options.size_option
@options.channels_option
@options.data_dir_option
@options.runs_dir_option
@option("--name", show_default="data set and time", help="Name of the run.")
@option("--epochs", type=int, show_default="20; 150 for the included digits",
        help="Training epochs.")  # fmt: skip
@option("--batch-size", type=int, default=256, help="Images per step.")
@option("--lr", type=float, default=1e-3, help="Adam's learning rate.")
@option("--beta", type=float, default=1.0, help="Weight of the KL.")
@option("--warmup", type=float, default=0.0,
        help="Epochs over which beta rises from 0; of a cycle if it is cyclical.")  # fmt: skip
@option("--kl-schedule", type=Choice(KL_SCHEDULES), default="linear",
        help="How beta rises over --warmup: once, or in the first half of each cycle.")  # fmt: skip
@option("--free-bits", type=float, default=0.0, metavar="NATS",
        help="KL that costs nothing, for each image and dimension; try 0.1.")  # fmt: skip
@option("--latent-dim", type=int, default=20, help="Latent dimensions d.")
@option("--architecture", type=Choice(("auto", *ARCHITECTURES)), default="auto",
        help="mlp: two linear layers each way; conv: convolutions. auto is mlp for 28x28 grey "
        "images, else conv.")  # fmt: skip
@option("--hidden", type=int, show_default="mlp: d squared; conv: 192",
        help="Width of the hidden layers; of conv, channels of the coarsest feature map; "
        "each finer one has half as many.")  # fmt: skip
@option("--model", type=Choice(MODELS), default="vae",
        help="ae: the classic auto-encoder, no noise and no KL in the loss.")  # fmt: skip
@option("--reconstruction", type=Choice(RECONSTRUCTIONS), default="bce",
        help="bce: binary cross-entropy; mse: half the squared error; gaussian: a Gaussian "
        "whose variance is learned too, for colour and photographs.")  # fmt: skip
@option("--seed", type=int, default=1,
        help="Random seed for weights, shuffling and noise.")  # fmt: skip
@options.device_option
@option("--precision", type=Choice(PRECISIONS), default="auto",
        help="Precision of matrix products; auto is bf16 on hardware where that was measured "
             "faster; tf32 needs an NVIDIA GPU.")  # fmt: skip
@option("--nproc", type=int, default=1, help="Number of processes, started by torchrun.")
@option("--threads", type=int, default=0, show_default="the cores, at most 8",
        help="CPU threads of each process, fixed for the run.")  # fmt: skip
@option("--tensorboard", is_flag=True, help="Write TensorBoard's files beside the run too.")
@option("--headless", is_flag=True, help="No screen: one line per epoch.")
@option("--json", "as_json", is_flag=True, help="With --headless: the events, as JSON lines.")
@option("--offline", is_flag=True, help="Never download.")
@click.option("--resume", "resumed", metavar="RUN", shell_complete=run_names,
              help="Continue a run from its last save.")  # fmt: skip
@option("--or-resume", is_flag=True,
        help="With --name: continue that run if it exists, as a requeued job does.")  # fmt: skip
@options.fps_option
@options.notify_option
def train(headless: bool, as_json: bool, fps: int | None, notify: bool, **settings: Any) -> int:
    """Create a run, start its trainer and watch it.

    Training continues when the screen is closed; vae-tui attach shows it again.
    """
    from vae_tui.cli.headless import follow_own, stop_at_signals
    from vae_tui.run import control
    from vae_tui.terminal import capabilities
    from vae_tui.training.distributed.launch import Launch

    launch = Launch.from_environment()
    is_rank = settings["or_resume"] and launch.size > 1
    begun = begin_as_rank(settings, launch) if is_rank else begin(settings)
    if begun is None:
        return 0
    if is_rank:
        control.become_trainer(begun.run, begun.config)
    run, config = begun.run, begun.config
    missing = "" if headless or as_json else capabilities.missing(os.environ)
    if not (headless or as_json or missing):
        watch(run, config, read_only=False, fps=fps, notifies=notify, is_new=begun.is_new)
    is_stopped = stop_at_signals(run)  # before there is a trainer, which reads the command first
    if begun.is_new:
        control.start(run, config)
    if missing:
        print_error(f"{missing}: training in plain lines, as with --headless")
    return follow_own(run, config, as_json, begun.offset, is_stopped)


@cli.command()
@options.run_argument
@options.runs_dir_option
@click.option("--read-only", is_flag=True, help="Send no commands.")
@options.fps_option
@options.notify_option
def attach(run: str | None, runs_dir: Path, read_only: bool, fps: int | None, notify: bool) -> int:
    """Watch a run: live, ended or lost."""
    from vae_tui.cli.headless import follow
    from vae_tui.model import config_or_fallback
    from vae_tui.terminal import capabilities

    found = find(runs_dir, run)
    config, damage = config_or_fallback(found)
    if missing := capabilities.missing(os.environ):
        print_error(f"{missing}: plain lines; ctrl+c leaves, training continues")
        if damage:
            print_error(f"{damage}: the rest is shown")
        return follow(found, config, as_json=False)
    watch(found, config, read_only=read_only, fps=fps, notifies=notify, damage=damage)


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "vae-tui"
    return message if "--help" in message else f"{message} (see {command} --help)"
