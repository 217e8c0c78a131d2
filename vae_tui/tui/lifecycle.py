"""From the first paint to the exit: late imports, threads, signals and the loss of the terminal."""

import gc
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from vae_tui.tui import hangup
from vae_tui.tui.link.driver import LinkDriver
from vae_tui.tui.messages import ThreadFailed

if TYPE_CHECKING:
    from textual.app import App

LATEST_LOADING_SECONDS = 0.3
"""Load by then even if no paint is reported: under a dialog that opened first there is none."""
HUNG_UP = 128 + signal.SIGHUP


class Lifecycle:
    """Starts the app's threads, stops them with it, and ends it when its terminal is gone."""

    def __init__(self, app: "App[Any]") -> None:
        self._app = app
        self.stop = threading.Event()
        """Set when the app's threads are to return."""
        self._is_loading = False
        self._stop_hangup_watch: Callable[[], None] = lambda: None

    def load_after_first_paint(self, load: Callable[[], None]) -> None:
        """Call ``load`` once, in a thread: its imports take longer than the first paint."""

        def start() -> None:
            if not self._is_loading:
                self._is_loading = True
                self.start_thread("load", load)

        self._app.screen.call_after_refresh(start)
        self._app.set_timer(LATEST_LOADING_SECONDS, start)

    def end_on_signals(self, driver: LinkDriver) -> None:
        """End the app on SIGHUP, SIGTERM or a hang-up."""
        hangup.restore_interrupts()
        hangup.answer_signals(partial(self._app.exit, None), driver.expect_end)

        def leave() -> None:
            driver.writer.abandon()
            self._app.call_from_thread(self._app.exit, None, HUNG_UP)

        self._stop_hangup_watch = hangup.watch_for_hangup(leave, HUNG_UP)

    def start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` in a daemon thread; its errors are posted to the app.

        Not a Textual worker: the app's exit would wait until its blocking read returns.
        """

        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self._app.post_message(ThreadFailed(error))

        threading.Thread(target=guarded, name=name, daemon=True).start()

    def end(self) -> None:
        """Let the threads return."""
        self.stop.set()
        self._stop_hangup_watch()
        self._stop_hangup_watch = lambda: None
        gc.unfreeze()
