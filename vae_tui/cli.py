"""Arguments in, parts built and handed to each other; the only place that knows all.

Imports are inside functions: ``--help`` must cost neither torch nor textual.
"""

import dataclasses
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from vae_tui import __version__, cli_explore
from vae_tui.config import MODELS, PRECISIONS, RECONSTRUCTIONS, RunConfig
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.options import (
    data_dir_option,
    debug_option,
    folder_of_data,
    option,
    run_argument,
    runs_dir_option,
    say,
)
from vae_tui.words import printable, printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vae_tui.files import LineTail
    from vae_tui.network import Floats
    from vae_tui.run import Run
    from vae_tui.tui.parts import Parts
    from vae_tui.tui.views.map import Embedding

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line; errors are one line on stderr, and an exit code."""
    try:
        code = cli.main(prog_name="vae-tui", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        _complain(_one_line(error))
        sys.exit(2)
    except VaeTuiError as error:
        _show_traceback()
        _complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        _show_traceback()
        _complain(f"{type(error).__name__}: {error}; --debug shows where")
        sys.exit(1)


class DefaultToTrain(click.Group):
    """A group whose missing command is ``train``: ``vae-tui --beta 4``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``train`` before options that are not the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help", "--version")):
            args = ["train", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=DefaultToTrain,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="vae-tui")
def cli() -> None:
    """Train a variational auto-encoder in the background, watch it, walk its latent space.

    Without a command it is `vae-tui train`, whose options may follow directly.
    """


for _command in cli_explore.COMMANDS:
    cli.add_command(_command)


@cli.command()
@option("--dataset", default="auto", show_default=True, metavar="NAME",
        help="auto, digits, mnist, fashion-mnist, kmnist or emnist; auto is mnist where it is "
        "there already, else the digits that ship.")  # fmt: skip
@data_dir_option
@runs_dir_option
@option("--name", help="Of the run; else from data set and time.")
@option("--epochs", type=int, help="20; 150 of the shipped digits.")
@option("--batch-size", type=int, default=256, show_default=True, help="Images a step.")
@option("--lr", type=float, default=1e-3, show_default=True, help="Adam's learning rate.")
@option("--beta", type=float, default=1.0, show_default=True, help="Weight of the KL.")
@option("--warmup", type=float, default=0.0, show_default=True,
        help="Epochs over which beta rises from 0.")  # fmt: skip
@option("--latent-dim", type=int, default=20, show_default=True, help="Size d of a code.")
@option("--hidden", type=int, help="Width of the hidden layers; d squared unless given.")
@option("--model", metavar="|".join(MODELS), default="vae", show_default=True,
        help="ae: the classic auto-encoder, no noise and no KL in the loss.")  # fmt: skip
@option("--reconstruction", metavar="|".join(RECONSTRUCTIONS), default="bce", show_default=True,
        help="Cross-entropy, or half the squared error.")  # fmt: skip
@option("--seed", type=int, default=1, show_default=True, help="Of weights, order and noise.")
@option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@option("--precision", metavar="|".join(PRECISIONS), default="auto", show_default=True,
        help="Of matrix products; auto is bf16 where the hardware has it.")  # fmt: skip
@option("--nproc", type=int, default=1, show_default=True, help="Processes, through torchrun.")
@option("--headless", is_flag=True, help="No screen: a line an epoch.")
@option("--json", "as_json", is_flag=True, help="With --headless: the events, as JSON lines.")
@option("--offline", is_flag=True, help="Never download.")
@click.option("--resume", "resumed", metavar="RUN", help="Go on with a run from its last save.")
@debug_option
def train(headless: bool, as_json: bool, **options: Any) -> int:
    """Create a run, start its trainer and watch it."""
    from vae_tui import launch
    from vae_tui.tui import terminal

    offset = 0
    if resumed := options.pop("resumed"):
        run, config, offset = _resume(
            options["runs_dir"], options["data_dir"], resumed, _given_to_resume()
        )
    else:
        run, config = _create(**options)
        launch.start(run, config)
    missing = "" if headless or as_json else terminal.missing(os.environ)
    if not (headless or as_json or missing):
        return _watch(run, config, options["runs_dir"], read_only=False)
    if missing:
        _complain(f"{missing}: training in plain lines, as --headless does")
    if not as_json:
        say(f"{run.path}: {config.dataset}; ctrl+c stops and saves")
    return _follow_own(run, config, as_json, offset)


@cli.command()
@run_argument
@runs_dir_option
@click.option("--read-only", is_flag=True, help="Take no control.")
@debug_option
def attach(run: str | None, runs_dir: Path, read_only: bool) -> int:
    """Watch a run: live, ended or lost; the newest unless one is named."""
    from vae_tui.run import find
    from vae_tui.tui import terminal

    found = find(runs_dir, run)
    config = found.config()
    if missing := terminal.missing(os.environ):
        _complain(f"{missing}: plain lines; ctrl+c leaves, training goes on")
        return _follow(found, config, as_json=False)
    return _watch(found, config, runs_dir, read_only=read_only)


@cli.command()
@runs_dir_option
@option("--json", "as_json", is_flag=True, help="A list of objects.")
@debug_option
def runs(runs_dir: Path, as_json: bool) -> None:
    """List the runs and their state, newest first."""
    import json
    import math

    from vae_tui.events import finite
    from vae_tui.run import all_runs
    from vae_tui.summary import ADVICE, readable

    found, wrong = readable(all_runs(runs_dir))
    for complaint in wrong:
        _complain(complaint)
    if as_json:
        records = [finite(dataclasses.asdict(row)) for row in found]
        click.echo(json.dumps(records, indent=2, allow_nan=False))
        return
    if not found:
        say(f"no runs in {runs_dir}; start one with: vae-tui")
        return
    names = [printable(row.name) for row in found]
    width = max(4, *map(len, names))
    say(f"{'run':{width}}  {'state':8}  {'data':13}  {'epoch':>9}  test loss  next")
    for row, name in zip(found, names, strict=True):
        loss = "" if math.isnan(row.test_loss) else f"{row.test_loss:.2f}"
        epoch = f"{row.epoch:.1f}/{row.epochs}"
        advice = ADVICE[row.state].format(name=name)
        say(f"{name:{width}}  {row.state:8}  {row.dataset:13}  {epoch:>9}  {loss:>9}  {advice}")


@cli.command()
@run_argument
@runs_dir_option
@debug_option
def pause(run: str | None, runs_dir: Path) -> None:
    """Let a live run wait; it saves first."""
    from vae_tui.events import Paused

    _ask(runs_dir, run, "pause", {Paused: "paused"})


@cli.command()
@run_argument
@runs_dir_option
@data_dir_option
@debug_option
def resume(run: str | None, runs_dir: Path, data_dir: Path | None) -> None:
    """Go on with a paused run, or from the last save of one that is not live."""
    from vae_tui.events import Resumed
    from vae_tui.run import find
    from vae_tui.summary import summarise

    found = find(runs_dir, run)
    if found.is_live() and summarise(found).state == "paused":
        _ask(runs_dir, str(found.path), "resume", {Resumed: "running"})
        return
    _resume(runs_dir, data_dir, str(found.path), {})
    say(f"{found.name} goes on (pid {found.pid()}); watch it with: vae-tui attach {found.name}")


@cli.command()
@run_argument
@runs_dir_option
@debug_option
def stop(run: str | None, runs_dir: Path) -> None:
    """End a live run; it saves first."""
    _ask(runs_dir, run, "stop", {})


def _create(
    dataset: str,
    data_dir: Path | None,
    runs_dir: Path,
    name: str | None,
    offline: bool,
    **settings: Any,
) -> tuple["Run", RunConfig]:
    from platformdirs import user_cache_path

    from vae_tui import datasets
    from vae_tui.driver import check_device, check_processes
    from vae_tui.run import check_name, create

    folder = (data_dir or user_cache_path("vae-tui")).absolute()
    chosen = datasets.resolve(dataset, folder)
    if settings["epochs"] is None:
        settings["epochs"] = datasets.DATASETS[chosen].default_epochs
    if settings["hidden"] is None:
        settings["hidden"] = settings["latent_dim"] ** 2
    config = RunConfig(dataset=chosen, data_dir=str(folder), **settings)
    check_device(config.device)
    check_processes(config.nproc, config.device)
    check_name(name)
    if not datasets.is_present(chosen, folder):
        _fetch(chosen, folder, offline)
    return create(runs_dir, name, config), config


def _fetch(dataset: str, folder: Path, offline: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from vae_tui.download import fetch

    if offline:
        fetch(dataset, folder, lambda done, total: None, offline=True)
    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    bars = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn())
    with Progress(*bars, TransferSpeedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(dataset, total=None)
        fetch(
            dataset,
            folder,
            lambda done, total: progress.update(task, completed=done, total=total),
        )


def _given_to_resume() -> dict[str, float]:
    """Return the settings given beside ``--resume``; UsageError for those that cannot change."""
    from click.core import ParameterSource

    from vae_tui.config import SETTINGS, check_number

    context = click.get_current_context()
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    kept = {"resumed", "runs_dir", "data_dir", "headless", "as_json"}
    for name in given.keys() - {*SETTINGS, *kept}:
        raise UsageError(
            f"--{name.replace('_', '-')} cannot change when a run goes on; "
            f"--{', --'.join(SETTINGS)} can"
        )
    settings = {name: float(given[name]) for name in SETTINGS if name in given}
    for name, value in settings.items():
        check_number(name, value)
    return settings


def _resume(
    runs_dir: Path, data_dir: Path | None, wanted: str, settings: dict[str, float]
) -> tuple["Run", RunConfig, int]:
    """Start a trainer on the last save of a run; return it and where its new events begin."""
    from vae_tui.run import find
    from vae_tui.steering import RunSteering
    from vae_tui.summary import summarise

    run = find(runs_dir, wanted)
    config = run.config()
    config = dataclasses.replace(config, data_dir=folder_of_data(config, data_dir))
    known = summarise(run)
    if known.state == "finished" and settings.get("epochs", 0) <= known.epochs:
        raise UsageError(
            f"{run.name} has finished its {known.epochs} epochs; "
            f"train longer with: vae-tui train --resume {run.name} --epochs {known.epochs * 2}"
        )
    before = _size(run.events)
    RunSteering(run, config).restart(**settings)
    return run, config, before


def _ask(runs_dir: Path, wanted: str | None, name: str, answers: dict[type[Any], str]) -> None:
    """Send a command to a live run and wait for the event that answers it.

    Args:
        runs_dir: Of the runs.
        wanted: Names the run.
        name: The command.
        answers: The events that answer it, and the run's state then; they win over each other
            in no order.
    """
    from vae_tui.commands import Command
    from vae_tui.run import find
    from vae_tui.summary import ADVICE, summarise

    run = find(runs_dir, wanted)
    state = summarise(run).state
    if not run.is_live():
        raise UsageError(
            f"{run.name} is not live: it is {state}; {ADVICE[state].format(name=run.name)}"
        )
    if state not in answers.values():
        before = _size(run.events)
        run.send(Command(command=name))
        state = _answer(run, before, answers)
    advice = ADVICE[state].format(name=_reference(run, runs_dir))
    say(f"{run.name} is {state}; {advice}")


def _answer(run: "Run", offset: int, answers: dict[type[Any], str]) -> str:
    """Wait for the first of the events that ``answers`` names; return the state it means."""
    import contextlib
    import time

    from vae_tui import events
    from vae_tui.files import LineTail

    tail = LineTail(run.events, offset)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        live = run.is_live()
        for line in _lines_of(tail, run):
            with contextlib.suppress(ValueError):
                event = events.decode(line)
                if isinstance(event, events.RunEnded):
                    return event.reason
                if type(event) in answers:
                    return answers[type(event)]
        if not live:
            raise VaeTuiError(f"{run.name} is lost: it ended without a word; see {run.log}")
        time.sleep(0.02)
    raise VaeTuiError(f"{run.name} has not answered within a minute; see {run.log}")


def _lines_of(tail: "LineTail", run: "Run") -> list[bytes]:
    try:
        return tail.read()
    except OSError as error:
        raise VaeTuiError(f"{run.events} cannot be read: {error.strerror}") from None


def _follow(run: "Run", config: RunConfig, as_json: bool, offset: int = 0) -> int:
    from vae_tui.plain import follow

    return follow(run, config, as_json=as_json, offset=offset)


def _follow_own(run: "Run", config: RunConfig, as_json: bool, offset: int) -> int:
    """Follow the trainer that this process started: what interrupts this process stops it."""
    import signal

    from vae_tui.commands import Command

    interrupted = False

    def interrupt(number: int, _: object) -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt(number)  # the second time: leave without waiting for the save
        interrupted = True
        run.send(Command(command="stop"))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    code = _follow(run, config, as_json, offset)
    return INTERRUPTED if interrupted else code


def _watch(run: "Run", config: RunConfig, runs_dir: Path, *, read_only: bool) -> int:
    from vae_tui.tui import terminal

    terminal.prepare()
    from vae_tui.steering import RunSteering
    from vae_tui.tui.app import VaeApp

    # Both are shown, and copied to be pasted into a shell: what cannot be read must not be there.
    name, reference = printable(run.name), printable(_reference(run, runs_dir))

    def load(colours: str | None) -> "Parts":
        # In a thread after the first paint: numpy and plotext take longer to import than to paint.
        from vae_tui.tui.history import RunView
        from vae_tui.tui.parts import Parts
        from vae_tui.tui.pixels import palette_for
        from vae_tui.tui.reader import RunReader
        from vae_tui.tui.views import VIEWS
        from vae_tui.tui.views.view import Scene

        unicode = terminal.is_unicode(os.environ)
        view = RunView(name, config, live=run.is_live(), epochs=config.epochs)
        scene = Scene(view, palette=palette_for(colours, unicode), unicode=unicode)
        return Parts(VIEWS, RunReader(run, view), embed, scene)

    def embed(codes: "Floats", start: "Floats | None") -> "Iterator[Embedding]":
        from vae_tui.tui.embedder import embeddings

        return embeddings(codes, start)

    app = VaeApp(
        name,
        reference,
        config,
        load,
        None if read_only else RunSteering(run, config),
        os.environ,
        Path.cwd(),
    )
    app.run()
    if app.return_code == 0 and run.is_live():
        say(f"{run.name} goes on; come back with: vae-tui attach {reference}")
    return app.return_code or 0


def _reference(run: "Run", runs_dir: Path) -> str:
    """Return what names the run on a command line here: its name, or else its path."""
    return run.name if run.path.parent == runs_dir.absolute() else str(run.path)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _show_traceback() -> None:
    if "--debug" in sys.argv:
        print(printable_lines(traceback.format_exc()), file=sys.stderr)  # noqa: T201


def _complain(message: str) -> None:
    # One line, and nothing in it steers the terminal: it may quote a stranger's file.
    print(f"vae-tui: {printable(' '.join(message.split()))}", file=sys.stderr)  # noqa: T201


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "vae-tui"
    return message if "--help" in message else f"{message} (see {command} --help)"
