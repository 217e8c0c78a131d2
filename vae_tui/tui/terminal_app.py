"""A Textual app with our terminal driver: its keys, threads, signals and notifications.

Knows nothing of runs. What it changes in Textual has its reason in the file that it comes from.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from rich.theme import Theme as ConsoleTheme
from rich.theme import ThemeStackError
from textual.app import App
from textual.events import Event, Resize
from textual.notifications import Notify, SeverityLevel

from vae_tui.errors import VaeTuiError
from vae_tui.terminal.capabilities import STANDARD, TRUECOLOR, is_browser
from vae_tui.text import cut_middle
from vae_tui.tui import hangup, theme
from vae_tui.tui.keys.key_queue import KeyProbe, KeyQueue
from vae_tui.tui.link.driver import LinkDriver, QuietEnd, driver_of
from vae_tui.tui.link.layout_hold import LayoutHold
from vae_tui.tui.link.terminal_writer import TerminalWriter
from vae_tui.tui.messages import ThreadFailed
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.frame.toast import TOAST_FRAME, SafeNotification

LATEST_LOADING_SECONDS = 0.3
"""Load by then even if no paint is reported: under a dialog that opened first there is none."""
HUNG_UP = 128 + signal.SIGHUP
_Result = TypeVar("_Result")


class TerminalApp(QuietEnd):
    """Handles keys in order, ends on errors of its threads and when its terminal is gone."""

    ALLOW_SELECT = False
    """Charts and pictures are no text, and ctrl+c, which would copy it, asks whether to leave. With
    shift the terminal itself selects."""

    def __init__(
        self, chosen_theme: theme.ChosenTheme | None = None, colours: str = TRUECOLOR
    ) -> None:
        """``colours`` are the terminal's: 16, 256 or truecolor."""
        self.colours = colours
        super().__init__(driver_class=None if is_browser(os.environ) else LinkDriver)
        for name, known in self.available_themes.items():
            if known.ansi:  # their colours are the terminal's: no contrast can be promised
                self.unregister_theme(name)
        for ours in theme.THEMES:
            self.register_theme(theme.in_16_colours(ours) if colours == STANDARD else ours)
        self._chosen_theme = chosen_theme
        name = chosen_theme.load() if chosen_theme else ""
        # Not assigned: the style sheets would be parsed three times before the first paint.
        self.set_reactive(App.theme, name if name in self.available_themes else theme.DEFAULT)
        self.set_class(self.current_theme.dark, "-dark-mode", update=False)
        self.set_class(not self.current_theme.dark, "-light-mode", update=False)
        self.stylesheet.set_variables(self.get_css_variables())
        self.failure: VaeTuiError | None = None
        """The error that ended the app, if the user can act on it."""
        self.threads_stop = threading.Event()
        """Set when the app's threads are to return."""
        self._is_loading = False
        self._keys = KeyQueue(self, super().on_event)
        self._layout_hold = LayoutHold()
        self._stop_hangup_watch: Callable[[], None] = lambda: None

    @property
    def writer(self) -> TerminalWriter | None:
        """What writes to the terminal; None in tests without one."""
        return driver.writer if (driver := driver_of(self)) is not None else None

    def on_mount(self) -> None:
        """End on SIGHUP, SIGTERM or a hang-up; redraw after ``fg`` and in another theme."""
        self.theme_changed_signal.subscribe(self, self._redraw_all)
        if self.is_web:  # the server is gone when its pipe is closed
            end = partial(self.call_from_thread, self.exit, None, HUNG_UP)
            self._stop_hangup_watch = hangup.watch_for_hangup(end, HUNG_UP)
        if (driver := driver_of(self)) is None:
            return
        hangup.restore_interrupts()
        hangup.answer_signals(partial(self.exit, None), driver.expect_end)

        def leave() -> None:
            driver.writer.abandon()
            self.call_from_thread(self.exit, None, HUNG_UP)

        self._stop_hangup_watch = hangup.watch_for_hangup(leave, HUNG_UP)
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())

    def on_unmount(self) -> None:
        """Let the threads return."""
        self.threads_stop.set()
        self._stop_hangup_watch()
        self._stop_hangup_watch = lambda: None

    def get_css_variables(self) -> dict[str, str]:
        """Return the variables of the theme, and let the console know the roles of its colours."""
        variables = super().get_css_variables()
        variables |= theme.css_variables(variables, self.current_theme)
        if self.colours != TRUECOLOR:  # their tints are too few or too loud
            grey = "background" if self.colours == STANDARD else "bar"
            variables["fill-ground"] = variables[grey]
        self.theme_variables = variables
        with contextlib.suppress(ThemeStackError):  # the first one has none to replace
            self.console.pop_theme()
        self.console.push_theme(ConsoleTheme(theme.role_styles(variables)))
        return variables

    def choose_theme(self, name: str) -> None:
        """Show a theme, now and from now on."""
        self.theme = name
        if self._chosen_theme is not None:
            self._chosen_theme.save(name)

    def _redraw_all(self, _: object) -> None:
        for screen in self.screen_stack:
            for drawing in screen.query(Drawing):
                drawing.redraw()

    def load_after_first_paint(self, load: Callable[[], None]) -> None:
        """Call ``load`` once, in a thread: its imports take longer than the first paint."""

        def start() -> None:
            if not self._is_loading:
                self._is_loading = True
                self.start_thread("load", load)

        self.screen.call_after_refresh(start)
        self.set_timer(LATEST_LOADING_SECONDS, start)

    def hold_picture(self) -> None:
        """Leave the terminal as it is until the next layout of the screen is the last one."""
        if (writer := self.writer) is not None and self.screen_stack:
            self._layout_hold.begin(self.screen_stack[0], writer)

    def start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` in a daemon thread; its errors end the app.

        Not a Textual worker: the app's exit would wait until its blocking read returns.
        """

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self.post_message(ThreadFailed(error))

        threading.Thread(target=guarded, name=name, daemon=True).start()

    def compute(
        self,
        name: str,
        work: Callable[[], _Result],
        done: Callable[[_Result], object] = lambda _: None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """Call ``work`` in a daemon thread, then ``done`` with its result in the app's thread.

        With ``failed``, a VaeTuiError does not end the app: it is called with the message instead.
        """

        def guarded() -> None:
            try:
                result = work()
            except VaeTuiError as error:
                if failed is None:
                    raise
                self.call_later(failed, str(error))
            else:
                self.call_later(done, result)

        self.start_thread(name, guarded)

    def on_thread_failed(self, message: ThreadFailed) -> None:
        """End the app: with a message if the user can act on the error, else with its traceback."""
        if not isinstance(message.error, VaeTuiError):
            raise message.error
        self.failure = message.error
        self.exit(return_code=message.error.exit_code)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notification in one line, cut in its middle if it is too long; thread-safe."""
        message = cut_middle(" ".join(message.split()), self.size.width - TOAST_FRAME)
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(SafeNotification(message, title, severity, seconds, markup)))

    def on_notify(self) -> None:
        """Remove older notifications: the newest replaces them."""
        self.clear_notifications()

    async def on_event(self, event: Event) -> None:
        """Handle keys one at a time, in order; expect a whole repaint in another size."""
        if isinstance(event, Resize) and (writer := self.writer) is not None:
            self.hold_picture()
            writer.resize(*event.size)
        await self._keys.handle(event)

    async def on_key_probe(self, message: KeyProbe) -> None:
        """Pass on the next key."""
        await self._keys.probe_arrived(message.number)

    def action_redraw(self) -> None:
        """Redraw every cell."""
        if (writer := self.writer) is not None:
            writer.invalidate()
        self.refresh(layout=True)
        self.screen.refresh(layout=True)
