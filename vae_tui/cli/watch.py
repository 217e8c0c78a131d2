"""Shows a run on the screen. Imports what draws it after the first paint."""

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from vae_tui.cli.console import print_lines
from vae_tui.cli.options import plain_runs_dir
from vae_tui.cli.start import config_here
from vae_tui.cli.user_config import config_file, screen_settings
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run
from vae_tui.run.state import ADVICE
from vae_tui.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vae_tui.arrays import Floats
    from vae_tui.latent.mixture import Mixture
    from vae_tui.latent.posterior import Posteriors
    from vae_tui.latent.projection import Embedding
    from vae_tui.run.control import RunSteering
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.dialogs.draw import DrawDialog
    from vae_tui.tui.dialogs.open_image import OpenImageDialog
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.views.view import View

_SIGNALLED = 128
"""Higher exit codes: the terminal is gone, or a signal ended the process."""


def watch(
    run: Run,
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

    plain = plain_runs_dir()
    start_new = _once(partial(control.start, run, config) if is_new else lambda: None)
    while True:
        steering = None if read_only else RunSteering(run, config, adapt=config_here)
        screen = _Screen(run, config, damage, colours, fps, plain, start_new)
        app = screen.app(steering, notifies=notifies)
        app.run()
        if app.failure is not None:
            raise app.failure
        start_new()  # the user may have left before
        if app.return_code or app.chosen is None:
            break
        run = Run(app.chosen)
        config, damage = config_or_fallback(run)
    code = app.return_code or 0
    if code == 0:
        print_lines(*_what_next(run, app.state, run.reference(plain)))
    if code < _SIGNALLED:  # else stdout may be gone
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    os._exit(code)  # without waiting for threads: they may block, or be importing


def _what_next(run: Run, state: str, reference: str) -> "Iterator[str]":
    """Yield a line on a run that goes on, or was stopped, when its screen has been left."""
    if state == "stopping":
        yield f"{run.name} is stopping; look at it with: vae-tui attach {reference}"
    elif run.is_live():
        yield f"{run.name} continues; come back with: vae-tui attach {reference}"
    elif state == "stopped":
        yield f"{run.name} is stopped and saved; {ADVICE['stopped'].format(name=reference)}"


def _once(work: Callable[[], object]) -> Callable[[], None]:
    """Return a function that does ``work`` when first called; other threads' calls wait for it."""
    lock, pending = threading.Lock(), [work]

    def call() -> None:
        with lock:
            while pending:
                pending.pop()()

    return call


class _Screen(NamedTuple):
    """Makes the app that shows a run, and what this app receives after its first paint."""

    run: Run
    config: RunConfig
    """The run's, or a fallback if it has ``damage``."""
    damage: str
    colours: str
    """Of the terminal: 16, 256 or truecolor."""
    fps: int | None
    """Redraws per second; None adapts to the link."""
    plain_runs_dir: Path | None
    """As of `options.plain_runs_dir`, which only the main thread can ask."""
    start_new: Callable[[], None]
    """Called after the first paint."""

    def app(self, steering: "RunSteering | None", *, notifies: bool) -> "VaeApp":
        """Return the app; without ``steering`` it has no control of the trainer."""
        from vae_tui.tui.app import VaeApp

        settings = config_file.read_config(config_file.config_path())
        chosen_theme = screen_settings.chosen_theme(settings)

        def load(colours: str | None) -> "LateImports":
            self.start_new()
            # In a thread after the first paint: importing numpy and plotext takes longer than it.
            return self._late_imports(
                colours, screen_settings.warning(settings, chosen_theme.load())
            )

        app = VaeApp(
            printable(self.run.name),  # shown, and as the next one pasted into a shell
            printable(self.run.reference(self.plain_runs_dir)),
            load,
            steering,
            os.environ,
            Path.cwd(),
            chosen_theme=chosen_theme,
            notifies=notifies,
            colours=self.colours,
        )
        app.set_keymap(dict(settings.keys))
        return app

    def _late_imports(self, colours: str | None, warning: tuple[str, ...]) -> "LateImports":
        """Return views and readers for these colours, None with ``NO_COLOR``."""
        from platformdirs import user_state_path

        from vae_tui.run.last_seen import LastSeenStore
        from vae_tui.terminal import capabilities
        from vae_tui.terminal.half_blocks import palette_for
        from vae_tui.tui.feed.absence_tracker import AbsenceTracker
        from vae_tui.tui.feed.run_reader import RunReader
        from vae_tui.tui.feed.runs_reader import RunsFolder
        from vae_tui.tui.link.refresh_limiter import RefreshLimiter
        from vae_tui.tui.ports import LateImports
        from vae_tui.tui.state.run_view import RunView
        from vae_tui.tui.state.scene import Scene
        from vae_tui.tui.views.train import TrainView

        run, config, unicode = self.run, self.config, capabilities.is_unicode(os.environ)
        view = RunView(
            printable(run.name),
            config,
            live=run.is_live(),
            unread=float(run.events.exists()),
            epochs=config.epochs,
            damage=self.damage,
        )
        is_remote, cores = "SSH_CONNECTION" in os.environ, os.cpu_count() or 1
        limiter, for_others = (
            RefreshLimiter(self.fps, is_remote=is_remote, cores=cores) for _ in range(2)
        )
        seen = user_state_path("vae-tui") / "seen"  # relative for a user without a home folder
        absence = AbsenceTracker(run, LastSeenStore(run, seen)) if seen.is_absolute() else None
        plain, folder = self.plain_runs_dir, run.path.parent
        if plain is not None and plain.absolute() == folder:
            folder = plain
        return LateImports(
            views=[TrainView],
            reader=RunReader(run, view, absence, limiter),
            embed=_embed,
            fit_mixture=_fit_mixture,
            scene=Scene(view, palette=palette_for(colours, unicode), unicode=unicode),
            runs=RunsFolder(folder, run.path, for_others, plain),
            draw_dialog=_draw_dialog,
            open_image_dialog=_open_image_dialog,
            more_views=_more_views,
            limiter=limiter,
            warning=warning,
        )


def _more_views() -> "Sequence[type[View]]":
    from vae_tui.tui.all_views import VIEWS

    return VIEWS[1:]


def _draw_dialog() -> "type[DrawDialog]":
    from vae_tui.tui.dialogs.draw import DrawDialog

    return DrawDialog


def _open_image_dialog() -> "type[OpenImageDialog]":
    from vae_tui.tui.dialogs.open_image import OpenImageDialog

    return OpenImageDialog


def _embed(codes: "Floats", start: "Floats | None") -> "Iterator[Embedding]":
    from vae_tui.latent.tsne import embeddings

    return embeddings(codes, start)


def _fit_mixture(posteriors: "Posteriors") -> "Mixture":
    from vae_tui.latent.mixture_fit import fit

    return fit(posteriors)
