"""``vae-tui pause``, ``resume``, ``stop`` and ``set``: send commands, wait for the answers."""

import contextlib
import math
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from vae_tui.cli import completion, options
from vae_tui.cli.console import print_error, print_lines
from vae_tui.cli.options import plain_runs_dir
from vae_tui.cli.start import resume_run
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.commands import Command, parse_setting
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import find
from vae_tui.run.state import ADVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vae_tui.run.commands import Command
    from vae_tui.run.events import Event

ANSWER_SECONDS = 60.0
"""A trainer that has not answered for longer is given up; a save may take long on a slow disk."""


@click.command()
@options.run_argument
@options.runs_dir_option
def pause(run: str | None, runs_dir: Path) -> None:
    """Pause a live run; it saves first."""
    from vae_tui.run.events import Paused

    _send(find(runs_dir, run), "pause", Paused, "paused")


@click.command()
@options.run_argument
@options.runs_dir_option
@options.data_dir_option
@click.option("--force", is_flag=True,
              help="Take the run from a trainer on another machine: if that one is alive, it ends "
              "within seconds, and what it has not saved is lost.")  # fmt: skip
def resume(run: str | None, runs_dir: Path, data_dir: Path | None, force: bool) -> None:
    """Continue a paused run, or one that has ended.

    A run that is not live continues from its last save.
    """
    from vae_tui.run.events import Resumed
    from vae_tui.run.summary import summarise

    found = find(runs_dir, run)
    if not force and found.is_live() and summarise(found).state == "paused":
        _send(found, "resume", Resumed, "running")
        return
    resume_run(found, data_dir, {}, force=force)
    print_lines(
        f"{found.name} continues (pid {found.pid()}); "
        f"watch it with: vae-tui attach {found.reference(plain_runs_dir())}"
    )


@click.command()
@options.run_argument
@options.runs_dir_option
def stop(run: str | None, runs_dir: Path) -> None:
    """End a live run; it saves first."""
    _send(find(runs_dir, run), "stop", None, "")


@click.command("set")
@options.required_run_argument
@click.argument("changes", nargs=-1, metavar="SETTING=VALUE...", shell_complete=completion.changes)
@options.runs_dir_option
def set_settings(run: str, changes: tuple[str, ...], runs_dir: Path) -> None:
    """Change beta, lr or epochs of a run.

    For example: vae-tui set RUN beta=4 lr=5e-4. A live run changes at once, and the step is
    printed; any other run changes when it is resumed.
    """
    from vae_tui.run.control import change_settings
    from vae_tui.run.summary import summarise

    settings = dict(map(_parsed, changes))
    if not settings:
        raise UsageError(f"nothing to set; for example: vae-tui set {quote(run)} beta=4 lr=5e-4")
    found = find(runs_dir, run)
    known = summarise(found)
    begun = math.ceil(known.epoch)
    if settings.get("epochs", begun) < begun:
        raise UsageError(
            f"epochs={settings['epochs']:g}: epoch {begun} has begun; the nearest is {begun}"
        )
    offset = found.events_size()
    sent = change_settings(found, settings)
    if found.is_live() and _print_answers(found, sent, offset):
        return
    reference = found.reference(plain_runs_dir())
    how = f"vae-tui resume {reference}"
    known = summarise(found)
    if known.state == "finished" and settings.get("epochs", 0) <= known.epochs:
        how = f"vae-tui train --resume {reference} --epochs {known.epochs * 2}"
    values = " and ".join(f"{name} {value:g}" for name, value in settings.items())
    print_lines(f"{found.name} is {known.state}; its next resume sets {values}: {how}")


COMMANDS = (pause, resume, stop, set_settings)


def _parsed(change: str) -> tuple[str, float]:
    name, equals, value = change.partition("=")
    if not equals:
        raise UsageError(f"{change!r} is not SETTING=VALUE, as in beta=4")
    return name, parse_setting(name, value)


def _send(run: Run, name: str, answer: "type[Event] | None", state_after: str) -> None:
    """Send the command ``name`` to a live run and wait for the event ``answer``, or for its end.

    Nothing is sent to a run that is in the state ``state_after`` already.
    """
    from vae_tui.run.summary import summarise

    is_live, state = run.is_live(), summarise(run).state  # in this order: it may just end
    reference = run.reference(plain_runs_dir())
    if not is_live:
        raise UsageError(
            f"{run.name} is not live: it is {state}; {ADVICE[state].format(name=reference)}"
        )
    if state != state_after:
        offset = run.events_size()
        run.send(Command(command=name))
        if answer is not None and any(type(event) is answer for event in _events(run, offset)):
            state = state_after
        else:
            state = _state_at_the_end(run, offset)
    print_lines(f"{run.name} is {state}; {ADVICE[state].format(name=reference)}")


def _print_answers(run: Run, sent: "list[Command]", offset: int) -> bool:
    """Print at which step each setting changed; return whether the trainer answered them all.

    False if it ended before. UsageError with the reason of the first that was refused.
    """
    from vae_tui.run.events import CommandRefused, SettingChanged

    waiting = {command.id: command for command in sent}
    refused: list[str] = []
    for event in _events(run, offset):
        if isinstance(event, SettingChanged) and event.command_id in waiting:
            del waiting[event.command_id]
            print_lines(f"{event.name} {event.old:g} -> {event.new:g} at step {event.step:,}")
        elif isinstance(event, CommandRefused) and event.command_id in waiting:
            del waiting[event.command_id]
            refused.append(event.why)
        if not waiting:
            break
    if waiting and run.is_live():
        raise _no_answer(run)
    for why in refused[1:]:
        print_error(why)
    if refused:
        raise UsageError(refused[0])
    return not waiting


def _events(run: Run, offset: int) -> "Iterator[Event]":
    """Yield new events until the trainer ends, for `ANSWER_SECONDS` at most."""
    from vae_tui.cli.headless import lines_until_end
    from vae_tui.run import events

    for line in lines_until_end(run, offset, timeout=ANSWER_SECONDS, poll=0.02):
        with contextlib.suppress(ValueError):
            if (event := events.decode(line)) is not None:
                yield event


def _state_at_the_end(run: Run, offset: int) -> str:
    """Wait until no trainer is live, which is after its last event; return the run's state."""
    from vae_tui.run.summary import summarise

    for _ in _events(run, offset):
        pass
    if run.is_live():
        raise _no_answer(run)
    state = summarise(run).state
    if state == "lost":
        raise VaeTuiError(f"{run.name} is lost: it ended without a message; see {run.log}")
    return state


def _no_answer(run: Run) -> VaeTuiError:
    pid = run.pid()
    end = f"; to end it: kill -9 {pid}, then vae-tui resume {run.reference(plain_runs_dir())}"
    return VaeTuiError(
        f"{run.name} has not answered within a minute; see {run.log}"
        f"{end if pid and run.trains_here(pid) else ''}"
    )
