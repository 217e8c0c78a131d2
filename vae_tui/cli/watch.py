"""What follows a run: the screen, or plain lines where there is no terminal."""

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from vae_tui.cli.console import say
from vae_tui.run.config import RunConfig
from vae_tui.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vae_tui.arrays import Floats
    from vae_tui.latent.projection import Embedding
    from vae_tui.run.folder import Run
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.feed.absence_tracker import AbsenceTracker
    from vae_tui.tui.ports import LateImports

INTERRUPTED = 130
_SIGNALLED = 128
"""Codes above it: the terminal has gone, or somebody wants the process to."""


def watch(
    run: "Run",
    config: RunConfig,
    runs_dir: Path,
    *,
    read_only: bool,
    fps: int | None,
    is_new: bool = False,
    damage: str = "",
) -> NoReturn:
    """Show the run on the screen, and others that are opened there; end with the exit code.

    Args:
        run: The run.
        config: Of the run, or what is left of it.
        runs_dir: The runs folder.
        read_only: Take no control.
        fps: How often a second to redraw; None heeds the link.
        is_new: Its trainer is still to be started, when the first frame is out: both want the
            same cores.
        damage: What is wrong with the run's config.
    """
    from vae_tui.terminal import capabilities

    capabilities.prepare()
    from vae_tui.run.damaged_config import config_or_fallback
    from vae_tui.run.folder import Run
    from vae_tui.run.state import ADVICE

    while True:
        app = _screen(run, config, runs_dir, read_only=read_only, fps=fps, is_new=is_new,
                      damage=damage)  # fmt: skip
        app.run()
        if app.failure is not None:
            raise app.failure
        if app.return_code or app.chosen is None:
            break
        run, is_new = Run(app.chosen), False
        config, damage = config_or_fallback(run)
    code = app.return_code or 0
    if code == 0 and run.is_live():
        say(f"{run.name} goes on; come back with: vae-tui attach {reference(run, runs_dir)}")
    elif code == 0 and app.state == "stopped":
        advice = ADVICE["stopped"].format(name=reference(run, runs_dir))
        say(f"{run.name} is stopped and saved; {advice}")
    _end(code)


def _end(code: int) -> NoReturn:
    """End without a word to threads: they may not end, or be in the middle of an import."""
    if code < _SIGNALLED:  # else nobody may be there to read
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    os._exit(code)


def _screen(
    run: "Run",
    config: RunConfig,
    runs_dir: Path,
    *,
    read_only: bool,
    fps: int | None,
    is_new: bool,
    damage: str,
) -> "VaeApp":
    """Return the screen of one run, to be run; the arguments are those of ``watch``."""
    from vae_tui.run import control
    from vae_tui.run.control import RunSteering
    from vae_tui.terminal import capabilities
    from vae_tui.tui.app import VaeApp

    # Both are shown, and copied to be pasted into a shell: what cannot be read must not be there.
    name, name_here = printable(run.name), printable(reference(run, runs_dir))

    def load(colours: str | None) -> "LateImports":
        if is_new:
            control.start(run, config)
        # In a thread after the first paint: numpy and plotext take longer to import than to paint.
        from vae_tui.terminal.half_blocks import palette_for
        from vae_tui.tui.feed.run_reader import RunReader
        from vae_tui.tui.feed.runs_reader import RunsFolder
        from vae_tui.tui.link.refresh_limiter import RefreshLimiter
        from vae_tui.tui.ports import LateImports
        from vae_tui.tui.state.run_view import RunView
        from vae_tui.tui.state.scene import Scene
        from vae_tui.tui.views import VIEWS

        unicode = capabilities.is_unicode(os.environ)
        view = RunView(
            name,
            config,
            live=run.is_live(),
            unread=float(run.events.exists()),
            epochs=config.epochs,
            damage=damage,
        )
        scene = Scene(view, palette=palette_for(colours, unicode), unicode=unicode)
        limiter, for_others = (
            RefreshLimiter(fps, is_remote="SSH_CONNECTION" in os.environ, cores=os.cpu_count() or 1)
            for _ in range(2)
        )
        reader = RunReader(run, view, _absence_tracker(run), limiter)
        others = RunsFolder(runs_dir, run.path, for_others)
        return LateImports(VIEWS, reader, embed, scene, others, limiter)

    def embed(codes: "Floats", start: "Floats | None") -> "Iterator[Embedding]":
        from vae_tui.latent.tsne import embeddings

        return embeddings(codes, start)

    return VaeApp(
        name,
        name_here,
        config,
        load,
        None if read_only else RunSteering(run, config),
        os.environ,
        Path.cwd(),
    )


def _absence_tracker(run: "Run") -> "AbsenceTracker | None":
    """Return what tells a user who comes back what they missed; None where they have no home."""
    from platformdirs import user_state_path

    from vae_tui.run.last_seen import LastSeenStore
    from vae_tui.tui.feed.absence_tracker import AbsenceTracker

    folder = user_state_path("vae-tui") / "seen"
    return AbsenceTracker(run, LastSeenStore(run, folder)) if folder.is_absolute() else None


def follow(
    run: "Run", config: RunConfig, as_json: bool, offset: int = 0, *, first: str = ""
) -> int:
    """Tell of the run in plain lines, ``first`` before them; return the exit code.

    BrokenPipeError: nobody reads.
    """
    from vae_tui.cli import headless
    from vae_tui.cli.console import complain

    try:
        if first:
            say(first)
        return headless.follow(run, config, as_json=as_json, offset=offset)
    except BrokenPipeError:
        if run.is_live():
            complain(f"nobody reads; {run.name} goes on: vae-tui attach {run.path}")
        raise


def follow_own(run: "Run", config: RunConfig, as_json: bool, offset: int) -> int:
    """Follow the trainer that this process started: what interrupts this process stops it."""
    import signal

    from vae_tui.run.commands import Command

    interrupted = False

    def interrupt(number: int, _: object) -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt(number)  # the second time: leave without waiting for the save
        interrupted = True
        run.send(Command(command="stop"))

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    first = "" if as_json else f"{run.path}: {config.dataset}; ctrl+c stops and saves"
    code = follow(run, config, as_json, offset, first=first)
    return INTERRUPTED if interrupted else code


def reference(run: "Run", runs_dir: Path) -> str:
    """Return what names the run on a command line here: its name, or else its path."""
    return run.name if run.path.parent == runs_dir.absolute() else str(run.path)
