"""The Textual app of one run: passes messages and keys to the controllers."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from textual import on
from textual.app import SystemCommand
from textual.events import Event, Key
from textual.screen import Screen

from vae_tui.terminal import capabilities
from vae_tui.terminal.desktop_notification import notification
from vae_tui.tui import hangup
from vae_tui.tui.controllers import reader_updates
from vae_tui.tui.controllers.export_and_copy import ExportAndCopy
from vae_tui.tui.controllers.image_dialogs import ImageDialogs
from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.controllers.palette import PaletteController
from vae_tui.tui.controllers.status import StatusController
from vae_tui.tui.controllers.steering import Steering, SteeringController
from vae_tui.tui.controllers.view_loader import ViewLoader
from vae_tui.tui.controllers.walks import WalkController
from vae_tui.tui.keys.bindings import KEYS
from vae_tui.tui.link.driver import write_through
from vae_tui.tui.main_screen import MainScreen
from vae_tui.tui.messages import (
    LateImportsLoaded,
    MoreViewsLoaded,
    OpenChecked,
    ReaderMessage,
    UserReturned,
)
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.theme import ChosenTheme
from vae_tui.tui.widgets.frame.timeline import Timeline
from vae_tui.tui.widgets.frame.toast import TOAST_CSS

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.state.scene import Scene
    from vae_tui.tui.views.map import MapView
    from vae_tui.tui.views.runs import RunsView
    from vae_tui.tui.views.samples import SamplesView
    from vae_tui.tui.views.view import View

STATUS_SECONDS = 1.0


class VaeApp(TerminalApp):
    """The screen of one run."""

    TITLE = "vae-tui"
    BINDINGS = [*KEYS]
    CSS = f"ModalScreen {{ background: $background 60%; }}{TOAST_CSS}"

    def __init__(
        self,
        name: str,
        reference: str,
        load: "Callable[[str | None], LateImports]",
        steering: Steering | None,
        environment: Mapping[str, str],
        folder: Path,
        clock: Callable[[], float] = time.time,
        chosen_theme: ChosenTheme | None = None,
        notifies: bool = False,
        colours: str = capabilities.TRUECOLOR,
    ) -> None:
        """Show the run ``name``; a command line takes its ``reference``.

        ``load`` returns views, readers and the first scene for ``colours``, None with ``NO_COLOR``;
        it is called in a thread after the first paint. Without ``steering`` the trainer cannot be
        controlled. Exports are written to ``folder``; ``clock`` returns Unix seconds. A screen that
        ``notifies`` does so when the run ends, diverges or collapses.
        ``colours`` are those of `TerminalApp`.
        """
        super().__init__(chosen_theme, colours)
        self.chosen: Path | None = None
        """The run to open next, if the user left this one for it."""
        is_unicode = capabilities.is_unicode(environment)
        self._new_main = partial(MainScreen, name, unicode=is_unicode)
        self._views = ViewLoader(self, load)
        self._store = SceneStore(self._show_scene, self._show_weights, clock)
        self._walks = WalkController(self)
        self._images = ImageDialogs(self, lambda: self.scene, self._walks.start_at)
        self._steering = SteeringController(self, steering, name, reference, self._store)
        self._other_runs = OtherRuns(self, self._store)
        self._palette = PaletteController(self, self._store, self._other_runs)

        def announce(name: str, news: str) -> None:
            write_through(self, notification(name, news, environment))

        self._status = StatusController(
            self,
            self._store,
            reference,
            clock,
            announce if notifies else None,
            has_control=steering is not None,
        )
        files = ExportAndCopy(self, lambda: self.main.view, name, reference, environment, folder)
        self._commands: dict[str, Callable[[], object]] = {
            "pause": self._steering.pause,
            "settings": self._steering.adjust,
            "undo": self._steering.undo,
            "leave": self._steering.leave,
            "back": partial(self._store.travel, -1),
            "forth": partial(self._store.travel, 1),
            "return": partial(self._store.travel_to, None),
            "export": files.export,
            "save-screen": files.save_screen,
            "copy": files.copy,
            "morph": self._walks.morph,
            "draw": self._images.draw,
            "open-image": self._images.open,
        }
        self._imports: LateImports | None = None

    def get_default_screen(self) -> MainScreen:
        """Return the screen under all dialogs."""
        return self._new_main()

    @property
    def main(self) -> MainScreen:
        """The screen under all dialogs."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def state(self) -> str:
        """The run's state in one word, as far as its files have been read."""
        return self._store.state

    @property
    def scene(self) -> "Scene | None":
        """What the visible view draws from; None before the views are mounted."""
        return self._store.scene

    def on_mount(self) -> None:
        """Load the views after the first paint."""
        self.set_interval(STATUS_SECONDS, self._status.update)
        self.load_after_first_paint(self._views.load)

    def on_unmount(self) -> None:
        """Let the threads that read other runs return."""
        self._other_runs.end()
        self._views.end()

    # What threads post

    def on_late_imports_loaded(self, message: LateImportsLoaded) -> None:
        """Mount the first view and start to read, beside the messages to come."""
        self.run_worker(self._start_reading(message.imports))

    def on_more_views_loaded(self, message: MoreViewsLoaded) -> None:
        """Mount the other views, and open one whose key was pressed."""
        # Not the coroutine itself: once the app ends it would never be awaited, which is a warning.
        self.run_worker(partial(self._views.mount, message.views))  # type: ignore[arg-type]

    @on(ReaderMessage)
    def apply_update(self, message: ReaderMessage) -> None:
        """Show what a thread has read."""
        reader_updates.apply(message, self, self._store, self._other_runs)
        self._status.update()

    def on_user_returned(self, message: UserReturned) -> None:
        """Say what happened meanwhile, until a key is pressed; the help keeps it."""
        self.main.absence = message.summary
        self.main.news = (*self.main.news, (message.summary,))

    def on_open_checked(self, message: OpenChecked) -> None:
        """Exit, so that the chosen run is opened; in a browser go to its page."""
        if self.is_web:
            self.open_url(f"?run={quote(message.path.name)}", new_tab=False)
            return
        self.chosen = message.path
        if not self.is_headless:
            hangup.hold_interrupts()
        self.exit()

    # What the main screen and its views report

    def on_main_screen_view_shown(self, message: MainScreen.ViewShown) -> None:
        """Read the list of runs while a view shows it."""
        self._other_runs.set_listing(message.view.LISTS_RUNS)

    def on_map_view_embedding_requested(self, message: "MapView.EmbeddingRequested") -> None:
        """Run t-SNE in a thread."""
        if (imports := self._imports) is not None:

            def embed() -> None:
                for embedding in imports.embed(message.codes, message.start):
                    if not self.is_running:
                        return
                    self.call_from_thread(message.view.show_embedding, embedding)

            self.start_thread("t-SNE", embed)

    def on_samples_view_mixture_requested(self, message: "SamplesView.MixtureRequested") -> None:
        """Fit a mixture to codes in a thread."""
        if self._imports is not None:
            fit = partial(self._imports.fit_mixture, message.posteriors)
            self.compute("mixture", fit, partial(message.view.show_mixture, message.network))

    def on_runs_view_open_requested(self, message: "RunsView.OpenRequested") -> None:
        """Open another run."""
        self._other_runs.check_open(message.path)

    def on_runs_view_preview_requested(self, message: "RunsView.PreviewRequested") -> None:
        """Read the weights of a run that the list previews."""
        self._other_runs.preview(message.path)

    def on_runs_view_overlay_requested(self, message: "RunsView.OverlayRequested") -> None:
        """Overlay another run, or remove it."""
        self._other_runs.toggle_overlay(message.path)

    def on_view_walk_requested(self, message: "View.WalkRequested") -> None:
        """Walk from a code that a view shows."""
        self._walks.start_at(message.code, message.origin, message.dimension)

    def on_view_file_dropped(self, message: "View.FileDropped") -> None:
        """Open an image that was dropped on the terminal."""
        self._images.open(message.text)

    def on_timeline_pressed(self, message: Timeline.Pressed) -> None:
        """Draw with the weights kept at the step that was clicked."""
        self._store.travel_to(message.step)

    # Keys

    async def on_event(self, event: Event) -> None:
        """Hide the news at the first key."""
        if isinstance(event, Key) and self.screen_stack:
            self.main.news = ()
        await super().on_event(event)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the palette's commands: what the keys of the main screen do."""
        if screen is self.main:
            yield from self._palette.commands()

    def action_command_palette(self) -> None:
        """Open the palette."""
        if self.screen is self.main:
            self._palette.open()

    def action_run(self, command: str) -> None:
        """Run a command that needs no arguments."""
        self._commands[command]()

    async def _start_reading(self, imports: "LateImports") -> None:
        await self._views.mount(imports.views)
        self._imports = self._images.imports = imports
        self._store.request_step = imports.reader.request_step
        self._store.scene = self.main.scene = imports.scene
        self._steering.on_sent = imports.reader.poll_faster
        self._other_runs.runs = imports.runs
        if (writer := self.writer) is not None:
            imports.limiter.watch(writer)
            imports.runs.limiter.watch(writer)
            self._status.watch_link(writer)
        self.main.news = (imports.warning,)
        follow = partial(imports.reader.follow, self.post_message, self.threads_stop)
        self.start_thread("reader", follow)

    def _show_scene(self, scene: "Scene") -> None:
        self.main.scene = scene
        self._images.show(scene)
        if scene.network is not None:
            self._views.digits_drawn()

    def _show_weights(self, label: str) -> None:
        self.main.weights = label
