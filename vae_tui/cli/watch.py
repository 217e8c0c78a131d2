"""Follows a run: on the screen, or in plain lines without a terminal."""

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from vae_tui.cli.console import print_lines
from vae_tui.cli.options import plain_runs_dir
from vae_tui.cli.start import config_here
from vae_tui.run.commands import PREEMPTED, Command
from vae_tui.run.config import RunConfig
from vae_tui.run.control import TRAINER_SIGNALS
from vae_tui.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vae_tui.arrays import Floats
    from vae_tui.latent.mixture import Mixture
    from vae_tui.latent.posterior import Posteriors
    from vae_tui.latent.projection import Embedding
    from vae_tui.run.control import RunSteering
    from vae_tui.run.folder import Run
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.dialogs.draw import DrawDialog
    from vae_tui.tui.dialogs.open_image import OpenImageDialog
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.views.view import View

INTERRUPTED = 130
_SIGNALLED = 128
"""Higher exit codes: the terminal is gone, or a signal ended the process."""


def watch(
    run: "Run",
    config: RunConfig,
    *,
    read_only: bool,
    fps: int | None,
    notifies: bool = False,
    is_new: bool = False,
    damage: str = "",
) -> NoReturn:
    """Show the run on the screen, then others opened from there; exit with the exit code.

    ``config`` is the run's, or a fallback if it has ``damage``. ``read_only`` sends no commands.
    ``fps`` are redraws per second; None adapts to the link. A screen that ``notifies``
    does so through the terminal. The trainer of a run that ``is_new``
    is started after the first frame, because both need the same cores.
    """
    gc.disable()  # passes over what imports make are 6 % of the start; `ViewLoader` enables it
    from vae_tui.terminal import capabilities

    colours = capabilities.prepare()
    from vae_tui.model import config_or_fallback
    from vae_tui.run import control
    from vae_tui.run.control import RunSteering
    from vae_tui.run.folder import Run
    from vae_tui.run.state import ADVICE

    start_new = _once(partial(control.start, run, config) if is_new else lambda: None)
    while True:
        steering = None if read_only else RunSteering(run, config, adapt=config_here)
        app = _screen(run, config, steering, colours, fps, notifies, start_new, damage)
        app.run()
        if app.failure is not None:
            raise app.failure
        start_new()  # the user may have left before
        if app.return_code or app.chosen is None:
            break
        run = Run(app.chosen)
        config, damage = config_or_fallback(run)
    code = app.return_code or 0
    reference = run.reference(plain_runs_dir())
    if code == 0 and app.state == "stopping":
        print_lines(f"{run.name} is stopping; look at it with: vae-tui attach {reference}")
    elif code == 0 and run.is_live():
        print_lines(f"{run.name} continues; come back with: vae-tui attach {reference}")
    elif code == 0 and app.state == "stopped":
        advice = ADVICE["stopped"].format(name=reference)
        print_lines(f"{run.name} is stopped and saved; {advice}")
    if code < _SIGNALLED:  # else stdout may be gone
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    os._exit(code)  # without waiting for threads: they may block, or be importing


def _once(work: Callable[[], object]) -> Callable[[], None]:
    """Return a function that does ``work`` when first called; other threads' calls wait for it."""
    lock, pending = threading.Lock(), [work]

    def call() -> None:
        with lock:
            while pending:
                pending.pop()()

    return call


def _screen(
    run: "Run",
    config: RunConfig,
    steering: "RunSteering | None",
    colours: str,
    fps: int | None,
    notifies: bool,
    start_new: Callable[[], None],
    damage: str,
) -> "VaeApp":
    """Return the app for one run, which calls ``start_new``; the others are as for ``watch``.

    ``colours`` are those of the terminal: 16, 256 or truecolor.
    """
    from platformdirs import user_state_path

    from vae_tui.cli.user_config import config_file, screen_settings
    from vae_tui.terminal import capabilities
    from vae_tui.tui.app import VaeApp

    plain, folder = plain_runs_dir(), run.path.parent
    if plain is not None and plain.absolute() == folder:
        folder = plain
    # Both are shown and pasted into a shell: they must be printable.
    name, name_here = printable(run.name), printable(run.reference(plain))

    def load(colours: str | None) -> "LateImports":
        start_new()
        # In a thread after the first paint: importing numpy and plotext takes longer than painting.
        from vae_tui.run.last_seen import LastSeenStore
        from vae_tui.terminal.half_blocks import palette_for
        from vae_tui.tui.feed.absence_tracker import AbsenceTracker
        from vae_tui.tui.feed.run_reader import RunReader
        from vae_tui.tui.feed.runs_reader import RunsFolder
        from vae_tui.tui.link.refresh_limiter import RefreshLimiter
        from vae_tui.tui.ports import LateImports
        from vae_tui.tui.state.run_view import RunView
        from vae_tui.tui.state.scene import Scene
        from vae_tui.tui.views.train import TrainView

        unicode = capabilities.is_unicode(os.environ)
        unread = float(run.events.exists())
        view = RunView(
            name, config, live=run.is_live(), unread=unread, epochs=config.epochs, damage=damage
        )
        scene = Scene(view, palette=palette_for(colours, unicode), unicode=unicode)
        limiter, for_others = (
            RefreshLimiter(fps, is_remote="SSH_CONNECTION" in os.environ, cores=os.cpu_count() or 1)
            for _ in range(2)
        )
        seen = user_state_path("vae-tui") / "seen"  # relative for a user without a home folder
        absence = AbsenceTracker(run, LastSeenStore(run, seen)) if seen.is_absolute() else None
        reader = RunReader(run, view, absence, limiter)
        others = RunsFolder(folder, run.path, for_others, plain)
        return LateImports(
            views=[TrainView],
            reader=reader,
            embed=embed,
            fit_mixture=fit_mixture,
            scene=scene,
            runs=others,
            draw_dialog=draw_dialog,
            open_image_dialog=open_image_dialog,
            more_views=more_views,
            limiter=limiter,
            warning=screen_settings.warning(settings, chosen_theme.load()),
        )

    def more_views() -> "Sequence[type[View]]":
        from vae_tui.tui.all_views import VIEWS

        return VIEWS[1:]

    def draw_dialog() -> "type[DrawDialog]":
        from vae_tui.tui.dialogs.draw import DrawDialog

        return DrawDialog

    def open_image_dialog() -> "type[OpenImageDialog]":
        from vae_tui.tui.dialogs.open_image import OpenImageDialog

        return OpenImageDialog

    def embed(codes: "Floats", start: "Floats | None") -> "Iterator[Embedding]":
        from vae_tui.latent.tsne import embeddings

        return embeddings(codes, start)

    def fit_mixture(posteriors: "Posteriors") -> "Mixture":
        from vae_tui.latent.mixture_fit import fit

        return fit(posteriors)

    settings = config_file.read_config(config_file.config_path())
    chosen_theme = screen_settings.chosen_theme(settings)
    app = VaeApp(
        name,
        name_here,
        load,
        steering,
        os.environ,
        Path.cwd(),
        chosen_theme=chosen_theme,
        notifies=notifies,
        colours=colours,
    )
    app.set_keymap(dict(settings.keys))
    return app


def follow(
    run: "Run", config: RunConfig, as_json: bool, offset: int = 0, *, first: str = ""
) -> int:
    """Print the run's events, the line ``first`` before them; return the exit code."""
    from vae_tui.cli import headless
    from vae_tui.cli.console import print_error

    try:
        if first:
            print_lines(first)
        return headless.follow(run, config, as_json=as_json, offset=offset)
    except BrokenPipeError:
        if run.is_live():
            print_error(f"stdout is closed; {run.name} continues: vae-tui attach {run.reference()}")
        raise


def stop_at_signals(run: "Run") -> Callable[[], bool]:
    """Let signals stop the run's trainer, saved; return whether it was the user's SIGINT.

    A scheduler sends the others, often several: it starts the run again later.
    """
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        if came.count(signal.SIGINT) > 1:
            raise KeyboardInterrupt(number)  # exit without waiting for the save
        reason = "" if number == signal.SIGINT else PREEMPTED
        if came.count(number) == 1:
            run.send(Command(command="stop", reason=reason))

    for number in TRAINER_SIGNALS:
        signal.signal(number, stop)
    return lambda: signal.SIGINT in came


def follow_own(
    run: "Run", config: RunConfig, as_json: bool, offset: int, is_stopped: Callable[[], bool]
) -> int:
    """Follow the trainer that this process started; `stop_at_signals` returned ``is_stopped``."""
    first = "" if as_json else f"{run.path}: {config.data_name}; ctrl+c stops and saves"
    code = follow(run, config, as_json, offset, first=first)
    return INTERRUPTED if is_stopped() else code
