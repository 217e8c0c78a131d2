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

from vae_tui.run.config import RunConfig
from vae_tui.terminal import capabilities
from vae_tui.terminal.desktop_notification import notification
from vae_tui.tui import hangup
from vae_tui.tui.controllers import commands, reader_updates
from vae_tui.tui.controllers.draw import DrawController
from vae_tui.tui.controllers.export_and_copy import ExportAndCopy
from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.controllers.steering import Steering, SteeringController
from vae_tui.tui.controllers.view_loader import ViewLoader
from vae_tui.tui.dialogs.palette import Palette
from vae_tui.tui.keys.bindings import KEYS
from vae_tui.tui.link.driver import driver_of, write_through
from vae_tui.tui.link.link_label import LinkLabel
from vae_tui.tui.main_screen import MainScreen
from vae_tui.tui.messages import (
    LateImportsLoaded,
    MoreViewsLoaded,
    OpenChecked,
    ReaderMessage,
    UserReturned,
)
from vae_tui.tui.state.announcements import Announcements, title_of
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.theme import ChosenTheme
from vae_tui.tui.widgets.frame.timeline import Timeline
from vae_tui.tui.widgets.frame.toast import TOAST_CSS

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.arrays import Floats
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.state.run_view import RunView
    from vae_tui.tui.state.scene import Scene
    from vae_tui.tui.views.map import MapView
    from vae_tui.tui.views.runs import RunsView

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
        config: RunConfig,
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
        self._new_main = partial(
            MainScreen,
            name,
            reference,
            config.epochs,
            has_control=steering is not None,
            unicode=capabilities.is_unicode(environment),
        )
        self._views = ViewLoader(self, load)
        self._clock = clock
        self._store = SceneStore(self._show_scene, self._show_weights, clock)
        self._drawing = DrawController(self, self._walk_from)
        self._steering = SteeringController(self, steering, name, reference, self._store)
        files = ExportAndCopy(self, lambda: self.main.view, name, reference, environment, folder)
        self._commands = {
            "pause": self._steering.pause,
            "settings": self._steering.adjust,
            "undo": self._steering.undo,
            "leave": self._steering.leave,
            "return": self._store.return_to_now,
            "export": files.export,
            "save-screen": files.save_screen,
            "copy": files.copy,
            "draw": self._draw_digit,
        }
        self._other_runs = OtherRuns(self, self._store)
        self._announcements = Announcements() if notifies else None
        self._environment = environment
        self._imports: LateImports | None = None
        self._link_label: LinkLabel | None = None

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
        self.set_interval(STATUS_SECONDS, self._update_status)
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
        if self.is_running:
            self.run_worker(self._views.mount(message.views))

    @on(ReaderMessage)
    def apply_update(self, message: ReaderMessage) -> None:
        """Show what a thread has read."""
        reader_updates.apply(message, self, self._store, self._other_runs)
        self._update_status()

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

    def on_runs_view_open_requested(self, message: "RunsView.OpenRequested") -> None:
        """Open another run."""
        self._other_runs.check_open(message.path)

    def on_runs_view_preview_requested(self, message: "RunsView.PreviewRequested") -> None:
        """Read the weights of a run that the list previews."""
        self._other_runs.preview(message.path)

    def on_runs_view_overlay_requested(self, message: "RunsView.OverlayRequested") -> None:
        """Overlay another run, or remove it."""
        self._other_runs.toggle_overlay(message.path)

    def on_timeline_pressed(self, message: Timeline.Pressed) -> None:
        """Draw with the weights kept at the step that was clicked."""
        self.travel_to(message.step)

    def travel_to(self, step: int | None) -> None:
        """Draw with the weights kept at a step; None returns to now."""
        self._store.travel_to(step)
        if self._imports is not None and step is not None:
            self._imports.reader.request_step(step)

    # Keys

    async def on_event(self, event: Event) -> None:
        """Hide the news at the first key."""
        if isinstance(event, Key) and self.screen_stack:
            self.main.news = ()
        await super().on_event(event)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield the palette's commands: what the keys of the main screen do."""
        if screen is self.main:
            yield from commands.commands_here(self)

    def action_command_palette(self) -> None:
        """Open the palette."""
        if self.screen is self.main:
            self._other_runs.set_listing(True)
            here = list(commands.commands_here(self))  # once: some look at what is on the screen
            found = partial(commands.open_commands, other_runs=self._other_runs)
            self.push_screen(Palette(lambda: [*here, *found(self.scene)]), self._palette_closed)

    def _palette_closed(self, _: None) -> None:  # also when the screens were removed: on leaving
        if self.screen_stack and (view := self.main.view) is not None:
            self._other_runs.set_listing(view.LISTS_RUNS)

    def action_run(self, command: str) -> None:
        """Run a command that needs no arguments."""
        self._commands[command]()

    def action_travel(self, count: int) -> None:
        """Draw with the weights kept ``count`` checkpoints later."""
        if self._imports is not None and (step := self._store.travel(count)) is not None:
            self._imports.reader.request_step(step)

    def _draw_digit(self) -> None:
        self._drawing.open(self.scene)

    def _walk_from(self, code: "Floats", origin: str) -> None:
        self.main.walk_from(code, origin)

    async def _start_reading(self, imports: "LateImports") -> None:
        await self._views.mount(imports.views)
        self._imports = imports
        self._store.scene = self.main.scene = imports.scene
        self._steering.on_sent = imports.reader.poll_faster
        self._other_runs.runs = imports.runs
        self._drawing.import_dialog = imports.draw_dialog
        if (writer := self.writer) is not None:
            imports.limiter.watch(writer)
            imports.runs.limiter.watch(writer)
            self._link_label = LinkLabel(writer)
        self.main.news = (imports.warning,)
        follow = partial(imports.reader.follow, self.post_message, self.threads_stop)
        self.start_thread("reader", follow)

    def _show_scene(self, scene: "Scene") -> None:
        if self.is_running:
            self.main.scene = scene
            self._drawing.show(scene)
            if scene.network is not None:
                self._views.digits_drawn()

    def _show_weights(self, label: str) -> None:
        if self.is_running:
            self.main.weights = label

    def _update_status(self) -> None:
        if self.scene is not None and self.is_running:
            self._store.update_weights_label()
            self.main.show_status(self.scene.run, self._clock(), self._link_label)
            self._announce(self.scene.run)

    def _announce(self, run: "RunView") -> None:
        """Set the terminal's title, and notify of what has happened."""
        state = run.state(self._clock())
        if (driver := driver_of(self)) is not None and state != "reading":
            driver.title.show(title_of(run, state))
        if self._announcements and (news := self._announcements.news(run, state)):
            write_through(self, notification(run.name, news, self._environment))
