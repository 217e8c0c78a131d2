"""Routes messages to state and keys to actions."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.events import Resize
from textual.widgets import ContentSwitcher, Footer, Static

from vae_tui.commands import Command
from vae_tui.config import RunConfig
from vae_tui.datasets import DATASETS
from vae_tui.errors import VaeTuiError
from vae_tui.tui import terminal
from vae_tui.tui.dialogs.ends import EndsDialog
from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.dialogs.leave import Answer, LeaveDialog
from vae_tui.tui.messages import (
    NetworkLoaded,
    PartsLoaded,
    ProbeLoaded,
    ReadingFailed,
    RunAdvanced,
    ThreadFailed,
)
from vae_tui.tui.notice import halved_lr, notice_of
from vae_tui.tui.widgets.status import Status, status_parts
from vae_tui.words import printable

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.parts import Parts
    from vae_tui.tui.views.view import Scene, View

LEAST_SIZE = (60, 20)
"""Columns and rows below which a line says what the screen needs."""
FIRST_ENDS = (3, 8)


class Steering(Protocol):
    """How the trainer is asked for things."""

    def send(self, command: Command) -> None:
        """Ask a live trainer; VaeTuiError when it cannot be asked."""

    def restart(self, **settings: float) -> None:
        """Start a trainer on the last save, with other ``settings`` (beta, lr, epochs) if any."""


@runtime_checkable
class Morphing(Protocol):
    """A view that can show one digit becoming another."""

    def morph(self, start: int, end: int) -> None:
        """Go from a test digit of class ``start`` to one of class ``end``."""


class VaeApp(App[None]):
    """The screen of one run."""

    TITLE = "vae-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [
        Binding("1", "view(0)", "View", key_display="1-3", id="app.view1",
                tooltip="Views: 1 Train, 2 Samples, 3 Walk"),
        Binding("2", "view(1)", show=False, id="app.view2"),
        Binding("3", "view(2)", show=False, id="app.view3"),
        Binding("space", "sample", "New", id="app.sample", tooltip="New sample from the prior"),
        Binding("i", "interpolate", "Morph", id="app.interpolate",
                tooltip="From one digit to another"),
        Binding("p", "pause", "Pause", id="app.pause", tooltip="Pause or resume the training"),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help",
                tooltip="What this view shows and its keys"),
        Binding("q", "leave", "Quit", id="app.leave", tooltip="Leave; training may go on"),
        Binding("ctrl+c,ctrl+q", "leave", show=False, priority=True, id="app.interrupt",
                tooltip="Leave; asks as q does"),
        Binding("ctrl+z", "suspend_process", show=False, priority=True, id="app.suspend",
                tooltip="To the shell; fg comes back"),
    ]  # fmt: skip
    CSS = """
    Screen { background: black; }
    ModalScreen { background: black 60%; }
    ContentSwitcher { height: 1fr; }
    #notice { display: none; padding: 0 1; color: $text-warning; max-height: 4; }
    #notice.told { display: block; }
    #waiting { color: $text-muted; padding: 1 2; }
    #too-small { display: none; border: round $primary; content-align: center middle; height: 1fr; }
    .small ContentSwitcher, .small Footer, .small Status, .small #notice { display: none; }
    .small #too-small { display: block; }
    """

    def __init__(
        self,
        name: str,
        config: RunConfig,
        load: "Callable[[str | None], Parts]",
        steering: Steering | None,
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make the screen of the run ``name``.

        Args:
            name: Of the run.
            config: Of the run.
            load: Returns views, reader and first scene for a colour system; called in a thread
                after the first paint.
            steering: Asks something of the trainer; None takes no control.
            environment: Variables that tell what the terminal can show.
            clock: Unix seconds.
        """
        super().__init__()
        self._run_name = name
        self._config = config
        self._load = load
        self._steering = steering
        self._unicode = terminal.is_unicode(environment)
        self._clock = clock
        self._scene: Scene | None = None
        self._ends = FIRST_ENDS
        self._notice = ""
        self._leaving = threading.Event()

    def compose(self) -> ComposeResult:
        """Top line, views, keys."""
        yield Status()
        yield Static(id="notice", markup=False)
        with ContentSwitcher(initial="waiting"):
            yield Static("loading ...", id="waiting")
        yield Static(id="too-small")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Answer signals; import the views when the first frame is out."""
        self._show_status()
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._start_loading)
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            # Textual's default dies at once and leaves the terminal raw.
            loop.add_signal_handler(number, self.exit, None, 128 + number)
        terminal.watch_for_hangup(self._hang_up, 128 + signal.SIGHUP)
        self.app_resume_signal.subscribe(self, self._come_back)

    def on_unmount(self) -> None:
        """Let the reader end."""
        self._leaving.set()

    def on_resize(self, event: Resize) -> None:
        """Say so when there is too little room."""
        width, height = event.size  # the app's own is still the old one
        small = width < LEAST_SIZE[0] or height < LEAST_SIZE[1]
        self.screen_stack[0].set_class(small, "small")
        if small:
            least = f"{LEAST_SIZE[0]}x{LEAST_SIZE[1]}"
            self.query_one("#too-small", Static).update(f"needs {least}, has {width}x{height}")

    # What threads tell

    def on_parts_loaded(self, message: PartsLoaded) -> None:
        """Put up the views and start reading."""
        self.run_worker(self._put_up(message.parts))

    def on_thread_failed(self, message: ThreadFailed) -> None:
        """End with the thread's own traceback."""
        raise message.error

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """Show how far the run is."""
        self._set_scene(run=message.view)
        self._show_status()

    def on_network_loaded(self, message: NetworkLoaded) -> None:
        """Draw with newer weights."""
        self._set_scene(network=message.network)

    def on_probe_loaded(self, message: ProbeLoaded) -> None:
        """Show test images."""
        self._set_scene(probe=message.probe)

    def on_reading_failed(self, message: ReadingFailed) -> None:
        """Say which file cannot be read."""
        self.notify(message.why, severity="warning", timeout=10, markup=False)

    # Keys

    def action_view(self, number: int) -> None:
        """Bring up a view."""
        views = list(self._views())
        if number < len(views):
            self.query_one(ContentSwitcher).current = views[number].id
            views[number].focus()
            views[number].scene = self._scene

    def action_sample(self) -> None:
        """Draw new samples in the view that is up."""
        if view := self._view():
            view.sample()

    def action_interpolate(self) -> None:
        """Ask for two digits and morph one into the other."""
        scene = self._scene
        if scene is None or scene.network is None or scene.probe is None:
            self.notify("interpolation needs the first weights", timeout=3)
            return
        labels = sorted(set(scene.probe.labels.tolist()))
        known = DATASETS.get(self._config.dataset)
        names = known.classes if known else [str(label) for label in range(10)]
        self.push_screen(EndsDialog(labels, names, self._ends), self._morph)

    def action_pause(self) -> None:
        """Pause or resume the training."""
        state = self._state()
        if state in ("running", "paused", "stalled"):
            name = "resume" if state == "paused" else "pause"
            self._steer(lambda steering: steering.send(Command(command=name)))
        elif state in ("stopped", "failed", "lost") and self._scene is not None:
            run = self._scene.run
            news = {"lr": halved_lr(run)} if state == "failed" and run.diverged else {}
            self._steer(lambda steering: steering.restart(**news))
        elif state == "finished":
            longer = f"vae-tui train --resume {self._run_name} --epochs N"
            self.notify(f"the run has finished; to train longer: {longer}", timeout=6, markup=False)

    def action_help(self) -> None:
        """Tell what the view shows, and the keys."""
        view = self._view()
        keys = [
            (binding.key_display or self.get_key_display(binding), binding.tooltip or "")
            for binding in self._bindings_here()
        ]
        title, text = (view.TITLE, view.HELP) if view else ("vae-tui", "")
        self.push_screen(HelpDialog(title, text, keys))

    def action_leave(self) -> None:
        """Leave; ask what becomes of a live training."""
        if isinstance(self.screen, LeaveDialog):
            self.pop_screen()
        elif self._state() in ("starting", "running", "paused", "stalled") and self._steering:
            self.push_screen(LeaveDialog(self._run_name), self._answer)
        else:
            self.exit()

    # Private

    def _start_loading(self) -> None:
        def load() -> None:
            # Textual hides NO_COLOR from its console.
            colours = None if self.no_color else self.console.color_system
            self.post_message(PartsLoaded(self._load(colours)))

        self._start_thread("load", load)

    def _start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` beside the screen; no worker, since leaving would wait for its reads."""

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self.post_message(ThreadFailed(error))

        threading.Thread(target=guarded, name=name, daemon=True).start()

    async def _put_up(self, parts: "Parts") -> None:
        switcher = self.query_one(ContentSwitcher)
        views = [view(id=view.__name__.lower()) for view in parts.views]
        for view in views:
            view.display = False  # the switcher hides only what it was composed with
        await switcher.mount_all(views)
        self._scene = parts.scene
        self.action_view(0)

        def follow() -> None:
            parts.reader.follow(self.post_message, self._leaving)

        self._start_thread("reader", follow)

    def _set_scene(self, **news: Any) -> None:
        if self._scene is None:
            return
        scene = replace(self._scene, **news)
        self._scene = replace(scene, weights=self._weights_label(scene))
        if view := self._view():
            view.scene = self._scene

    def _weights_label(self, scene: "Scene") -> str:
        """Say which weights draw the pictures: step, and age while the run is going on."""
        if scene.network is None:
            return ""
        step = f"step {scene.network.step:,}"
        if scene.run.state(self._clock()) != "running":
            return step
        return f"{step}, {int(max(self._clock() - scene.network.saved_at, 0))} s old"

    def _views(self) -> "Sequence[View]":
        children = self.query_one(ContentSwitcher).children
        return [child for child in children if child.id != "waiting"]  # type: ignore[misc]

    def _view(self) -> "View | None":
        current = self.query_one(ContentSwitcher).current
        return next((view for view in self._views() if view.id == current), None)

    def _state(self) -> str:
        return self._scene.run.state(self._clock()) if self._scene else "starting"

    def _tick(self) -> None:
        if self.is_running:  # a timer still ticks while the widgets are taken down
            self._show_status()

    def _show_status(self) -> None:
        status = self.screen_stack[0].query_one(Status)
        if self._scene is None:
            status.parts = status_parts(
                self._run_name, "starting", 0, self._config.epochs, unicode=self._unicode
            )
            return
        run = self._scene.run
        now = self._clock()
        measured = run.measured
        self._show_notice(notice_of(run, run.state(now), now))
        status.parts = status_parts(
            run.name,
            run.state(now),
            run.epoch,
            run.epochs,
            seconds_left=run.seconds_left(),
            images_per_second=measured.images_per_second if measured else 0.0,
            device=f"{run.started.device} {run.started.precision}" if run.started else "",
            memory_bytes=measured.memory_bytes if measured else 0,
            silent_seconds=now - run.last_time,
            notice="" if self._steering else "read only",
            unicode=self._unicode,
        )

    def _show_notice(self, text: str) -> None:
        if text != self._notice:
            self._notice = text
            notice = self.screen_stack[0].query_one("#notice", Static)
            notice.update(printable(text))
            notice.set_class(bool(text), "told")

    def _bindings_here(self) -> list[Binding]:
        """Return the bindings that work here, each action once, the view's own first."""
        view = self._view()
        active = self.screen_stack[0].active_bindings.values()
        own = [found.binding for found in active if found.node is view]
        return own + [
            found.binding for found in active if found.node is self and found.binding.tooltip
        ]

    def _morph(self, ends: tuple[int, int] | None) -> None:
        if ends is None:
            return
        self._ends = ends
        for number, view in enumerate(self._views()):
            if isinstance(view, Morphing):
                self.action_view(number)
                view.morph(*ends)

    def _answer(self, answer: Answer | None) -> None:
        if answer == "stop":
            self._steer(lambda steering: steering.send(Command(command="stop")))
            self._await_end()
        elif answer == "keep":
            self.exit()

    def _await_end(self) -> None:
        """Leave when the trainer has said its last word: the user sees that it was saved."""
        if self._state() in ("starting", "running", "paused", "stalled"):
            self.set_timer(0.1, self._await_end)
        else:
            self.exit()

    def _steer(self, ask: Callable[[Steering], None]) -> None:
        if self._steering is None:
            self.notify("attached read-only: no control", timeout=3)
            return
        try:
            ask(self._steering)
        except VaeTuiError as error:
            self.notify(str(error), severity="error", timeout=10, markup=False)

    def _hang_up(self) -> None:
        self.call_from_thread(self.exit, None, 128 + signal.SIGHUP)

    def _come_back(self, _: object) -> None:
        """Repaint everything: the terminal shows nothing of ours after ``fg``."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)
