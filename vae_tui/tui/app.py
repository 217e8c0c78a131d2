"""Routes messages to state and keys to actions."""

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.events import Event, Key, Paste
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen

from vae_tui.errors import VaeTuiError
from vae_tui.run.config import RunConfig
from vae_tui.terminal import capabilities
from vae_tui.text import printable
from vae_tui.tui import hangup
from vae_tui.tui.controllers.export_and_copy import ExportAndCopy
from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.controllers.steering import Steering, SteeringController
from vae_tui.tui.controllers.walk_requests import WalkRequests
from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.dialogs.palette import Palette
from vae_tui.tui.keys.bindings import KEYS
from vae_tui.tui.keys.key_queue import KeyAnswered, KeyQueue
from vae_tui.tui.keys.steering_keys import steering_keys
from vae_tui.tui.link.driver import LinkDriver, write_through, writer_of
from vae_tui.tui.link.link_label import LinkLabel
from vae_tui.tui.link.terminal_writer import TerminalWriter
from vae_tui.tui.main_screen import MainScreen
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
    LateImportsLoaded,
    NetworkLoaded,
    OpenChecked,
    OverlayAdvanced,
    OverlayFailed,
    ProbeLoaded,
    ReadingFailed,
    RunAdvanced,
    RunsListed,
    ThreadFailed,
    UserReturned,
)
from vae_tui.tui.state.notice import notice_of
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.widgets.status import Status, status_of, status_parts
from vae_tui.tui.widgets.toast import Toasted

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.state.scene import Scene
    from vae_tui.tui.views.map import MapView
    from vae_tui.tui.views.runs import RunsView


LATEST_LOADING_SECONDS = 0.3


class VaeApp(App[None]):
    """The screen of one run."""

    TITLE = "vae-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [*KEYS]
    CSS = "ModalScreen { background: black 60%; }"

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
    ) -> None:
        """Make the screen of the run ``name``.

        Args:
            name: Of the run.
            reference: What names it on a command line: its name or its path.
            config: Of the run.
            load: Returns views, reader and first scene for a colour system; called in a thread
                after the first paint.
            steering: Asks something of the trainer; None takes no control.
            environment: Variables that tell what the terminal can show.
            folder: Where exports are written.
            clock: Unix seconds.
        """
        super().__init__(driver_class=LinkDriver)
        self._link_label: LinkLabel | None = None
        self.failure: VaeTuiError | None = None
        """Why it ended, in words for the user."""
        self.chosen: Path | None = None
        """The run that is to be shown next: why it ended."""
        self._run_name = name
        self._reference = reference
        self._config = config
        self._load = load
        self._store = SceneStore(self._show_scene, self._show_weights, clock)
        self._control = SteeringController(self, steering, reference, self._store)
        self._unicode = capabilities.is_unicode(environment)
        self._takeaway = ExportAndCopy(self, folder, self._start_thread)
        self._walks = WalkRequests(
            self, lambda: self.main.views if self.screen_stack else (), self.action_view
        )
        self._others = OtherRuns(self, self._store, self._start_thread)
        self._keys = KeyQueue(self, super().on_event)
        self._clock = clock
        self._environment = environment
        self._travel: Callable[[int], None] | None = None
        self._leaving = threading.Event()
        self._has_begun = False
        self._missed = ""
        self._is_news = False
        self._end_watch: Callable[[], None] = lambda: None

    def get_default_screen(self) -> MainScreen:
        """Return the screen under all dialogs."""
        return MainScreen(
            status_parts(self._run_name, "starting", 0, self._config.epochs, unicode=self._unicode)
        )

    @property
    def state(self) -> str:
        """The run's state in one word, as far as the screen has heard."""
        return self._store.state

    @property
    def scene(self) -> "Scene | None":
        """What the view on the screen draws from; None before the views are mounted."""
        return self._store.scene

    @property
    def main(self) -> MainScreen:
        """The screen under all dialogs."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def on_mount(self) -> None:
        """Answer signals; import the views when the first frame is out."""
        self.set_interval(1.0, self._show_status)
        self.main.call_after_refresh(self._start_loading)
        # Under a dialog that came first there is no refresh.
        self.set_timer(LATEST_LOADING_SECONDS, self._start_loading)
        if self.is_headless:
            return
        hangup.heed_interrupts()
        hangup.answer_signals(partial(self.exit, None))
        hung_up = 128 + signal.SIGHUP

        def leave() -> None:
            if self._writer is not None:
                self._writer.abandon()
            self.call_from_thread(self.exit, None, hung_up)

        self._end_watch = hangup.watch_for_hangup(leave, hung_up)
        self.app_resume_signal.subscribe(self, self._come_back)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._leaving.set()
        self._others.leave()
        self._end_watch()
        self._end_watch = lambda: None
        gc.unfreeze()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Put a message up in the corner for a while; thread-safe."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Toasted(message, title, severity, seconds, markup)))

    # What threads tell

    def on_late_imports_loaded(self, message: LateImportsLoaded) -> None:
        """Put up the views and start reading."""
        self.run_worker(self._put_up(message.parts))

    def on_thread_failed(self, message: ThreadFailed) -> None:
        """End: with what the user can act on, or with the thread's own traceback."""
        if not isinstance(message.error, VaeTuiError):
            raise message.error
        self.failure = message.error
        self.exit(return_code=message.error.exit_code)

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """Show how far the run is."""
        self._store.update(run=message.view)
        self._show_status()

    def on_network_loaded(self, message: NetworkLoaded) -> None:
        """Draw with newer weights, unless the user is back in time."""
        self._store.show_newest(message.network)

    def on_kept_network_loaded(self, message: KeptNetworkLoaded) -> None:
        """Draw with the weights of an earlier step, if they are still wanted."""
        self._store.show_past(message.network)

    def on_kept_network_missing(self, message: KeptNetworkMissing) -> None:
        """Say so, and go back to now rather than show one step under another's name."""
        self.notify(message.why, severity="warning", timeout=6, markup=False)
        self._store.cancel_travel(message.step)

    def on_probe_loaded(self, message: ProbeLoaded) -> None:
        """Show test images."""
        self._store.update(probe=message.probe)

    def on_runs_listed(self, message: RunsListed) -> None:
        """Show the other runs."""
        self._store.update(runs=message.runs)

    def on_overlay_advanced(self, message: OverlayAdvanced) -> None:
        """Show more of the run that is laid over this one."""
        self._others.take_overlay(message.overlay)

    def on_overlay_failed(self, message: OverlayFailed) -> None:
        """Say why a run cannot be laid over this one."""
        self._others.miss_overlay(message.path, message.why)

    def on_open_checked(self, message: OpenChecked) -> None:
        """Give way to the run that the user chose, or say why it cannot be opened."""
        if message.why:
            self.notify(message.why, severity="warning", timeout=6, markup=False)
        else:
            self.chosen = message.path
            if not self.is_headless:
                hangup.hold_interrupts()
            self.exit()

    def on_user_returned(self, message: UserReturned) -> None:
        """Say what the user missed, until a key is pressed."""
        self._missed, self._is_news = message.missed, True
        self._show_status()

    async def on_event(self, event: Event) -> None:
        """Queue keys; with the first one, take away what was missed: it is in the help."""
        if isinstance(event, Key) and self._is_news:
            self._is_news = False
            self._show_status()
        if not isinstance(event, Key | Paste):
            await super().on_event(event)
        elif not event.is_forwarded:
            await self._keys.take(event)
        elif self.screen_stack:  # else all has been taken down before it came back unused
            await super().on_event(event)

    async def on_key_answered(self, message: KeyAnswered) -> None:
        """Pass the next key on."""
        await self._keys.answered(message.number)

    def on_reading_failed(self, message: ReadingFailed) -> None:
        """Say which file cannot be read."""
        if message.file and self._store.newest is None:
            self._store.update(unreadable=message.file)
        self.notify(message.why, severity="warning", timeout=10, markup=False)

    def on_map_view_embedding_requested(self, message: "MapView.EmbeddingRequested") -> None:
        """Run t-SNE beside the screen."""
        take = message.view.show_embedding

        def embed() -> None:
            for embedding in self._embed(message.codes, message.start):
                self.call_from_thread(take, embedding)

        self._start_thread("t-SNE", embed)

    def on_map_view_walk_requested(self, message: "MapView.WalkRequested") -> None:
        """Walk from a place of the map."""
        self._walks.start_at(message.code, message.origin)

    def on_runs_view_open_requested(self, message: "RunsView.OpenRequested") -> None:
        """Open another run, or go back to the views of this one."""
        if message.is_attached:
            self.action_view(0)
        else:
            self._others.open(message.path)

    def on_runs_view_overlay_requested(self, message: "RunsView.OverlayRequested") -> None:
        """Lay another run over this one, or take it away."""
        self._others.turn_overlay(message.path)

    # Keys

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Yield for the palette what the keys do here: the same bindings."""
        if screen is not self.main:
            return
        own, everywhere = self.main.bindings_here()
        for bindings, place in ((own, self.main.view or self), (everywhere, self)):
            for binding in bindings:
                if binding.description and binding.tooltip and binding.action != "command_palette":
                    run = partial(self.run_action, binding.action, place)
                    yield SystemCommand(binding.description, binding.tooltip, run)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow no key while the screens are taken down."""
        can_act = self.is_running and bool(self.screen_stack)
        return can_act and super().check_action(action, parameters)

    def action_command_palette(self) -> None:
        """Offer what the keys do here by name."""
        if self.screen is self.main:
            self.push_screen(Palette(list(self.get_system_commands(self.main))), self._run_chosen)

    def action_view(self, number: int) -> None:
        """Bring up a view."""
        views = self.main.views
        if 0 <= number < len(views):
            self.main.bring_up(views[number], self.scene)
            self._others.list(wanted=views[number].LISTS_RUNS)

    def action_next_view(self, steps: int) -> None:
        """Bring up the view after this one, or before it."""
        views = list(self.main.views)
        if self.main.view in views:
            self.action_view((views.index(self.main.view) + steps) % len(views))

    def action_sample(self) -> None:
        """Draw new samples in the view that is up."""
        if view := self.main.view:
            view.sample()

    def action_interpolate(self) -> None:
        """Ask for two digits and morph one into the other."""
        self._walks.interpolate(self.scene)

    def action_pause(self) -> None:
        """Pause or resume the training."""
        self._control.pause()

    def action_controls(self) -> None:
        """Ask for other settings."""
        self._control.adjust()

    def action_undo(self) -> None:
        """Take the last change of a setting back."""
        self._control.undo()

    def action_travel(self, steps: int) -> None:
        """Go to the weights kept before or after those shown."""
        if self._travel is not None and (step := self._store.travel(steps)) is not None:
            self._travel(step)

    def action_return(self) -> None:
        """Show the newest weights again."""
        self._store.return_to_now()

    def action_export(self) -> None:
        """Write what the view shows to a file in the current folder."""
        self._takeaway.export(self.main.view, self._run_name)

    def action_copy(self) -> None:
        """Copy what the view shows as a command of the shell, by way of the terminal."""
        write = partial(write_through, self)
        self._takeaway.copy(self.main.view, self._reference, self._environment, write)

    def action_help(self) -> None:
        """Tell what the view shows, and the keys."""
        view = self.main.view
        own, everywhere = self.main.keys_here()
        title, text = (view.TITLE, view.HELP) if view else ("vae-tui", "")
        if self._missed:
            text = f"{text}\n\n{printable(self._missed)}"
        if self._link_label is not None and (link := self._link_label.text()):
            title = f"{title} · {link} to this terminal"
        self.push_screen(HelpDialog(title, text, own, everywhere))

    def action_redraw(self) -> None:
        """Draw everything again."""
        if self._writer is not None:
            self._writer.invalidate()
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def action_leave(self) -> None:
        """Leave; ask what becomes of a live training."""
        self._control.leave(self._run_name)

    # Private

    def _run_chosen(self, command: SystemCommand | None) -> None:
        if command is not None:
            self.call_later(command.callback)

    def _start_loading(self) -> None:
        if self._has_begun:
            return
        self._has_begun = True

        def load() -> None:
            # Textual hides NO_COLOR from its console.
            colours = None if self.no_color else self.console.color_system
            self.post_message(LateImportsLoaded(self._load(colours)))

        self._start_thread("load", load)

    def _start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` beside the screen; no worker, since leaving would wait for its reads."""

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self.post_message(ThreadFailed(error))

        threading.Thread(target=guarded, name=name, daemon=True).start()

    async def _put_up(self, parts: "LateImports") -> None:
        await self.main.put_up([view(id=view.__name__.lower()) for view in parts.views])
        self._store.scene = parts.scene
        self._travel = parts.reader.request_step
        self._control.hasten_with(parts.reader.poll_faster)
        self._embed = parts.embed
        self._others.runs = parts.runs
        if self._writer is not None:
            parts.limiter.watch(self._writer)
            parts.runs.limiter.watch(self._writer)
            self._link_label = LinkLabel(self._writer)
        self.action_view(0)

        def follow() -> None:
            parts.reader.follow(self.post_message, self._leaving)

        self._start_thread("reader", follow)
        if not self.is_headless:
            gc.freeze()  # to walk all modules and widgets now and then would take 50 ms each time

    def _show_scene(self, scene: "Scene") -> None:
        if self.is_running and (view := self.main.view):
            view.scene = scene

    def _show_weights(self, label: str) -> None:
        if self.is_running:
            self.main.weights = label

    def _show_status(self) -> None:
        if self.scene is None or not self.is_running:
            return
        self._store.update_weights_label()
        run, now = self.scene.run, self._clock()
        state, control = run.state(now), self._control.is_taken
        self.main.steering = steering_keys(state, control=control, changed=bool(run.changes))
        news = self._missed if self._is_news else ""
        notice = notice_of(run, state, now, run=self._reference, control=control)
        self.main.show_notice(news, notice)
        mode = "" if control else "read only"
        link = self._link_label.text() if self._link_label else ""
        is_slow = self._link_label is not None and self._link_label.is_slow
        self.main.query_one(Status).parts = status_of(
            run, now, mode, link=link, link_is_slow=is_slow, unicode=self._unicode
        )

    @property
    def _writer(self) -> TerminalWriter | None:
        """What is between us and the terminal; nothing in tests."""
        return writer_of(self)

    def _come_back(self, _: object) -> None:
        """Repaint everything: the terminal shows nothing of ours after ``fg``."""
        self.action_redraw()
