"""``vae-tui pause``, ``resume`` and ``stop``: send a command, wait for the answer."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vae_tui.cli import options
from vae_tui.cli.console import print_lines
from vae_tui.cli.watch import reference
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run.state import ADVICE

if TYPE_CHECKING:
    from vae_tui.run.folder import Run


@click.command()
@options.run_argument
@options.runs_dir_option
def pause(run: str | None, runs_dir: Path) -> None:
    """Pause a live run; it saves first."""
    from vae_tui.run.events import Paused
    from vae_tui.run.runs_folder import find

    _send(find(runs_dir, run), runs_dir, "pause", {Paused: "paused"})


@click.command()
@options.run_argument
@options.runs_dir_option
@options.data_dir_option
def resume(run: str | None, runs_dir: Path, data_dir: Path | None) -> None:
    """Continue a paused run, or resume one that is not live from its last save."""
    from vae_tui.cli.start import resume_run
    from vae_tui.run.events import Resumed
    from vae_tui.run.runs_folder import find
    from vae_tui.run.summary import summarise

    found = find(runs_dir, run)
    if found.is_live() and summarise(found).state == "paused":
        _send(found, runs_dir, "resume", {Resumed: "running"})
        return
    resume_run(found, data_dir, {})
    print_lines(
        f"{found.name} continues (pid {found.pid()}); watch it with: vae-tui attach {found.name}"
    )


@click.command()
@options.run_argument
@options.runs_dir_option
def stop(run: str | None, runs_dir: Path) -> None:
    """End a live run; it saves first."""
    from vae_tui.run.runs_folder import find

    _send(find(runs_dir, run), runs_dir, "stop", {})


COMMANDS = (pause, resume, stop)


def _send(run: "Run", runs_dir: Path, name: str, answers: dict[type[Any], str]) -> None:
    """Send the command ``name`` to a live run and wait for the answer.

    ``answers`` are the types of events that answer it, each with the run's state after it.
    """
    from vae_tui.run.commands import Command
    from vae_tui.run.summary import summarise

    state = summarise(run).state
    if not run.is_live():
        raise UsageError(
            f"{run.name} is not live: it is {state}; {ADVICE[state].format(name=run.name)}"
        )
    if state not in answers.values():
        before = run.events.stat().st_size if run.events.exists() else 0
        run.send(Command(command=name))
        state = _answer(run, before, answers)
    advice = ADVICE[state].format(name=reference(run, runs_dir))
    print_lines(f"{run.name} is {state}; {advice}")


def _answer(run: "Run", offset: int, answers: dict[type[Any], str]) -> str:
    """Wait for one of the events in ``answers``; return the state after it."""
    from vae_tui.cli.headless import lines_until_end
    from vae_tui.run import events
    from vae_tui.run.summary import summarise

    for line in lines_until_end(run, offset, timeout=60, poll=0.02):
        with contextlib.suppress(ValueError):
            event = events.decode(line)
            if isinstance(event, events.RunEnded):
                return event.reason if event.reason in ADVICE else "lost"
            if type(event) in answers:
                return answers[type(event)]
    if not run.is_live():
        if (state := summarise(run).state) != "lost":  # it ended before it read the command
            return state
        raise VaeTuiError(f"{run.name} is lost: it ended without a message; see {run.log}")
    pid = run.pid()
    end = f"; to end it: kill -9 {pid}, then vae-tui resume {run.path}"
    raise VaeTuiError(
        f"{run.name} has not answered within a minute; see {run.log}"
        f"{end if pid and run.trains_here(pid) else ''}"
    )
