"""Routes messages to state and keys to actions."""

import asyncio
import shlex
import signal
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from vae_tui.commands import Command
from vae_tui.config import RunConfig
from vae_tui.datasets import DATASETS
from vae_tui.errors import VaeTuiError
from vae_tui.tui import terminal
from vae_tui.tui.dialogs.controls import ControlsDialog
from vae_tui.tui.dialogs.ends import EndsDialog
from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.dialogs.leave import Answer, LeaveDialog
from vae_tui.tui.dialogs.palette import Palette
from vae_tui.tui.input_driver import InputDriver
from vae_tui.tui.main_screen import MainScreen
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    KeptNetworkMissing,
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
    from vae_tui.network import Floats, Network
    from vae_tui.tui.parts import Parts
    from vae_tui.tui.views.map import MapView
    from vae_tui.tui.views.view import Scene

FIRST_ENDS = (3, 8)


class Steering(Protocol):
    """How the trainer is asked for things."""

    def send(self, command: Command) -> None:
        """Ask a live trainer; VaeTuiError when it cannot be asked."""

    def restart(self, **settings: float) -> None:
        """Start a trainer on the last save, with other ``settings`` (beta, lr, epochs) if any."""


@runtime_checkable
class Walking(Protocol):
    """A view that walks from a code, or from one digit to another."""

    def start_at(self, code: "Floats", origin: str) -> None:
        """Go to a code (d,)."""

    def morph(self, start: int, end: int) -> None:
        """Go from a test digit of class ``start`` to one of class ``end``."""


class VaeApp(App[None]):
    """The screen of one run."""

    TITLE = "vae-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [
        Binding("1", "view(0)", "View", key_display="1-6", id="app.view1",
                tooltip="Views: 1 Train, 2 Samples, 3 Walk, 4 Map, 5 Dimensions"),
        *(Binding(str(key), f"view({key - 1})", show=False, id=f"app.view{key}")
          for key in range(2, 7)),
        Binding("tab", "next_view(1)", "View", id="app.next-view",
                tooltip="The next view; shift+tab: the one before"),
        Binding("shift+tab", "next_view(-1)", show=False, id="app.previous-view"),
        Binding("space", "sample", "New", id="app.sample", tooltip="New sample from the prior"),
        Binding("i", "interpolate", "Morph", id="app.interpolate",
                tooltip="From one digit to another"),
        Binding("p", "pause", "Pause", id="app.pause", tooltip="Pause or resume the training"),
        Binding("c", "controls", "Controls", id="app.controls",
                tooltip="Change beta, lr or epochs, or save now"),
        Binding("u", "undo", "Undo", id="app.undo", tooltip="Undo the last change of a setting"),
        Binding("comma", "travel(-1)", "Time", key_display=", .", id="app.back",
                tooltip="Back and forth through the kept weights; end: back to now"),
        Binding("full_stop", "travel(1)", show=False, id="app.forth"),
        Binding("end", "return", show=False, id="app.now", tooltip="Back to the newest weights"),
        Binding("e", "export", "Export", id="app.export", tooltip="Write what is shown to a file"),
        Binding("y", "copy", "Copy", id="app.copy",
                tooltip="Copy what is shown as a shell command"),
        Binding("question_mark", "help", "Help", key_display="?", id="app.help",
                tooltip="What this view shows and its keys"),
        Binding("q", "leave", "Quit", id="app.leave", tooltip="Leave; training may go on"),
        Binding("ctrl+c,ctrl+q", "leave", show=False, priority=True, id="app.interrupt"),
        Binding("ctrl+z", "suspend_process", show=False, priority=True, id="app.suspend",
                tooltip="To the shell; fg comes back"),
    ]  # fmt: skip
    CSS = "ModalScreen { background: black 60%; }"

    def __init__(
        self,
        name: str,
        reference: str,
        config: RunConfig,
        load: "Callable[[str | None], Parts]",
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
        super().__init__(driver_class=InputDriver)
        self._run_name = name
        self._reference = reference
        self._config = config
        self._load = load
        self._steering = steering
        self._unicode = terminal.is_unicode(environment)
        self._folder = folder
        self._clock = clock
        self._scene: Scene | None = None
        self._ends = FIRST_ENDS
        self._environment = environment
        self._newest: Network | None = None
        self._wanted_step: int | None = None
        self._travel: Callable[[int], None] | None = None
        self._leaving = threading.Event()

    def get_default_screen(self) -> MainScreen:
        """Return the screen under all dialogs."""
        return MainScreen(
            status_parts(self._run_name, "starting", 0, self._config.epochs, unicode=self._unicode)
        )

    @property
    def main(self) -> MainScreen:
        """The screen under all dialogs."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def on_mount(self) -> None:
        """Answer signals; import the views when the first frame is out."""
        self.set_interval(1.0, self._tick)
        self.main.call_after_refresh(self._start_loading)
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
        """Draw with newer weights, unless the user is back in time."""
        self._newest = message.network
        if self._wanted_step is None:
            self._set_scene(network=message.network)

    def on_kept_network_loaded(self, message: KeptNetworkLoaded) -> None:
        """Draw with the weights of an earlier step, if they are still wanted."""
        if message.network.step == self._wanted_step:
            self._set_scene(network=message.network, is_past=True)

    def on_kept_network_missing(self, message: KeptNetworkMissing) -> None:
        """Say so, and go back to now rather than show one step under another's name."""
        self.notify(message.why, severity="warning", timeout=6, markup=False)
        if message.step == self._wanted_step:
            self.action_return()

    def on_probe_loaded(self, message: ProbeLoaded) -> None:
        """Show test images."""
        self._set_scene(probe=message.probe)

    def on_reading_failed(self, message: ReadingFailed) -> None:
        """Say which file cannot be read."""
        self.notify(message.why, severity="warning", timeout=10, markup=False)

    def on_map_view_embedding_wanted(self, message: "MapView.EmbeddingWanted") -> None:
        """Run t-SNE beside the screen."""
        take = message.view.take_embedding

        def embed() -> None:
            for embedding in self._embed(message.codes, message.start):
                self.call_from_thread(take, embedding)

        self._start_thread("t-SNE", embed)

    def on_map_view_walk_wanted(self, message: "MapView.WalkWanted") -> None:
        """Walk from a place of the map."""
        for number, view in enumerate(self.main.views):
            if isinstance(view, Walking):
                self.action_view(number)
                view.start_at(message.code, message.origin)

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

    def action_command_palette(self) -> None:
        """Offer what the keys do here by name."""
        if self.screen is self.main:
            self.push_screen(Palette(list(self.get_system_commands(self.main))), self._run_chosen)

    def action_view(self, number: int) -> None:
        """Bring up a view."""
        views = self.main.views
        if 0 <= number < len(views):
            self.main.bring_up(views[number], self._scene)

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
            longer = f"vae-tui train --resume {self._reference} --epochs N"
            self.notify(f"the run has finished; to train longer: {longer}", timeout=6, markup=False)

    def action_controls(self) -> None:
        """Ask for other settings."""
        run = self._scene.run if self._scene else None
        if run is None or self._state() not in ("running", "paused", "stalled"):
            self.notify(f"settings can be changed while a run is live; it is {self._state()}")
            return
        lr = run.measured.lr if run.measured else self._config.lr
        settings = {"beta": run.beta, "lr": lr, "epochs": float(run.epochs)}
        self.push_screen(ControlsDialog(settings), self._send_all)

    def action_undo(self) -> None:
        """Take the last change of a setting back."""
        if self._state() not in ("running", "paused", "stalled"):
            self.notify(f"nothing to undo: the run is {self._state()}", timeout=3)
            return
        self._send_all([Command(command="undo")])

    def action_travel(self, steps: int) -> None:
        """Go to the weights kept before or after those shown."""
        scene, newest = self._scene, self._newest
        if scene is None or newest is None or self._travel is None:
            return
        kept = [step for step in scene.run.kept if step < newest.step]
        shown = newest.step if self._wanted_step is None else self._wanted_step
        place = bisect_left(kept, shown) + steps
        if steps > 0 and place >= len(kept):
            self.action_return()
        elif kept:
            self._wanted_step = kept[max(place, 0)]
            self._travel(self._wanted_step)

    def action_return(self) -> None:
        """Show the newest weights again."""
        self._wanted_step = None
        self._set_scene(network=self._newest, is_past=False)

    def action_export(self) -> None:
        """Write what the view shows to a file in the current folder."""
        view = self.main.view
        export = view.export() if view else None
        if export is None:
            self.notify("nothing to export here yet", timeout=3)
            return
        path = self._folder / f"{self._run_name}-{export.name}"

        def write() -> None:
            try:
                export.write(path)
            except VaeTuiError as error:
                why = printable(str(error))
                self.call_from_thread(self.notify, why, severity="error", markup=False)
            else:
                self.call_from_thread(self.notify, printable(f"written: {path}"), markup=False)

        self._start_thread("export", write)

    def action_copy(self) -> None:
        """Copy what the view shows as a command of the shell, by way of the terminal."""
        view = self.main.view
        command = view.command(shlex.quote(self._reference)) if view else None
        if command is None:
            self.notify("nothing to copy here yet", timeout=3)
            return
        terminal.copy(command, self._environment, self._write_through)
        self.notify(f"copied: {command}", timeout=6, markup=False)

    def action_help(self) -> None:
        """Tell what the view shows, and the keys."""
        view = self.main.view
        own, everywhere = (
            [
                (binding.key_display or self.get_key_display(binding), binding.tooltip)
                for binding in bindings
                if binding.tooltip
            ]
            for bindings in self.main.bindings_here()
        )
        title, text = (view.TITLE, view.HELP) if view else ("vae-tui", "")
        self.push_screen(HelpDialog(title, text, own, everywhere))

    def action_leave(self) -> None:
        """Leave; ask what becomes of a live training."""
        if isinstance(self.screen, LeaveDialog):
            self.pop_screen()
        elif self._state() in ("starting", "running", "paused", "stalled") and self._steering:
            self.push_screen(LeaveDialog(self._run_name, self._reference), self._answer)
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
        await self.main.put_up([view(id=view.__name__.lower()) for view in parts.views])
        self._scene = parts.scene
        self._travel = parts.reader.travel
        self._embed = parts.embed
        self.action_view(0)

        def follow() -> None:
            parts.reader.follow(self.post_message, self._leaving)

        self._start_thread("reader", follow)

    def _set_scene(self, **news: Any) -> None:
        if self._scene is None:
            return
        scene = replace(self._scene, **news)
        self._scene = replace(scene, weights=self._weights_label(scene))
        if view := self.main.view:
            view.scene = self._scene

    def _weights_label(self, scene: "Scene") -> str:
        """Say which weights draw the pictures: step, and age while the run is going on."""
        if scene.network is None:
            return ""
        step = f"step {scene.network.step:,}"
        if scene.is_past:
            return f"{step}, back in time"
        if scene.run.state(self._clock()) != "running":
            return step
        return f"{step}, {int(max(self._clock() - scene.network.saved_at, 0))} s old"

    def _state(self) -> str:
        return self._scene.run.state(self._clock()) if self._scene else "starting"

    def _tick(self) -> None:
        if self.is_running:  # a timer still ticks while the widgets are taken down
            self._show_status()

    def _show_status(self) -> None:
        if self._scene is None:
            return
        run = self._scene.run
        now = self._clock()
        measured = run.measured
        self.main.show_notice(notice_of(run, run.state(now), now))
        self.main.query_one(Status).parts = status_parts(
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

    def _run_chosen(self, command: SystemCommand | None) -> None:
        if command is not None:
            self.call_later(command.callback)

    def _morph(self, ends: tuple[int, int] | None) -> None:
        if ends is None:
            return
        self._ends = ends
        for number, view in enumerate(self.main.views):
            if isinstance(view, Walking):
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

    def _send_all(self, commands: Sequence[Command] | None) -> None:
        def send(steering: Steering) -> None:
            for command in commands or ():
                steering.send(command)

        self._steer(send)

    def _write_through(self, text: str) -> None:
        if self._driver is not None:
            self._driver.write(text)

    def _steer(self, ask: Callable[[Steering], None]) -> None:
        if self._steering is None:
            self.notify("attached read-only: no control", timeout=3)
            return
        try:
            ask(self._steering)
        except VaeTuiError as error:
            self.notify(printable(str(error)), severity="error", timeout=10, markup=False)

    def _hang_up(self) -> None:
        self.call_from_thread(self.exit, None, 128 + signal.SIGHUP)

    def _come_back(self, _: object) -> None:
        """Repaint everything: the terminal shows nothing of ours after ``fg``."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)
