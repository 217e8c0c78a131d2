"""The terminal driver: Textual's, with our writer, and robust against input and job control.

The only file that uses private names of Textual. The tests in ``test_driver.py`` fail when Textual
changes one of them; they pass with 8.2.5 and 8.2.8.

* ``LinuxDriver._file``: what the driver's writer thread writes to. Its own thread blocks the event
  loop after thirty writes (``drivers/_writer_thread.py``, ``MAX_QUEUED_WRITES``).
* ``LinuxDriver._sigtstp_application``, ``_sigcont_application``: start the driver again at every
  SIGCONT. After ``kill -STOP``, or in the background, several threads then read the keys, and at
  the end the terminal stays raw. (After ctrl+z and fg the screen stays blank, Textualize/textual
  issue 6298: hence ``SignalResume`` is sent at every restart.)
* ``LinuxDriver._key_thread``: None after a start that failed because the process is in the
  background; Textual raises no error.
* ``LinuxDriver._must_signal_resume``: sends it at the next start.
* ``textual._xterm_parser.XTermParser``: makes events of what the terminal sends.
* ``Driver._loop``: the event loop that created the driver.
* ``App._driver``: the running driver; Textual has no public way to it.
* ``App._exit``, ``App._handle_exception``: once an app ends, Textual mounts no widgets and removes
  those there are, but still runs handlers, timers and callbacks, and prints the traceback of one
  that finds a widget or screen missing.
* ``Screen._compositor``: the cells of a screen; what is public renders one widget, or Rich's SVG.
"""

import codecs
import os
import selectors
import signal
import sys
import termios
import time
import tty
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition, Key, Resize
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip

from vae_tui.terminal.capabilities import PALETTE, TRUECOLOR, is_multiplexed
from vae_tui.tui.link.escape_keys import ESCAPE, EscapeKeys
from vae_tui.tui.link.flow_control import FlowControl
from vae_tui.tui.link.open_terminal import open_for_writing, open_without_blocking
from vae_tui.tui.link.terminal_title import TerminalTitle
from vae_tui.tui.link.terminal_writer import TerminalWriter

POLL_SECONDS, READ_BYTES = 0.1, 4096
"""Interval of checks whether the driver has stopped; most bytes of input read at once."""
REPORT_SECONDS = 0.5
"""How long the last report is awaited before the terminal is restored."""
_SIGNALS_OF_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""What keys send to a program once the terminal is no longer raw."""
_MODIFIERS = {2: "alt", 4: "ctrl", 1: "shift"}
_SIGNAL_SECONDS, _SIGNAL_POLL_SECONDS = 1.0, 0.02
"""Longest time between the signals of one command, and between looks. ``kill %1`` sends SIGTERM,
then SIGCONT; threads of one process may take them in the other order, on a busy machine late."""


class QuietEnd(App[None]):
    """An app that ignores errors of handlers which run after `App.exit`."""

    def _handle_exception(self, error: Exception) -> None:
        if not self._exit:
            super()._handle_exception(error)


def driver_of(app: App[Any]) -> "LinkDriver | None":
    """Return the driver of a running app; None in tests without a terminal."""
    return app._driver if isinstance(app._driver, LinkDriver) else None


def rows_of(screen: Screen[Any]) -> list[Strip]:
    """Return what a screen shows, row by row."""
    return screen._compositor.render_strips()


def write_through(app: App[Any], text: str) -> None:
    """Write control sequences to the terminal of a running app."""
    if app._driver is not None:
        app._driver.write(text)


class LinkDriver(LinuxDriver):
    """Writes through a `TerminalWriter`; the terminal's cursor reports measure its link.

    An app whose ``colours`` are 256 sends truecolor (see `capabilities.prepare`); the writer maps
    it to the nearest of them.
    """

    _is_held = False
    """The terminal is ours: keys are read."""
    _is_suspended = False
    """The terminal was given back until the process is continued in the foreground."""
    _is_continued = False
    """The process was continued and has not tried to take the terminal since."""
    _is_ending = False
    """The app ends; in the background too."""
    _original_modes: list[Any] | None = None
    """Terminal modes to restore: those found when last taking the terminal from another owner."""

    def __init__(self, app: App[Any], **settings: Any) -> None:
        super().__init__(app, **settings)
        terminal = sys.__stderr__
        assert terminal is not None
        encoding, errors = terminal.encoding, terminal.errors or "strict"
        self.writer = TerminalWriter(
            open_for_writing(terminal.fileno()),
            lambda text: text.encode(encoding, errors),
            FlowControl(is_multiplexed=is_multiplexed(os.environ)),
            lambda: self._is_ending or self._is_in_foreground(),
            has_truecolor=getattr(app, "colours", TRUECOLOR) != PALETTE,
        )
        self._file = self.writer  # type: ignore[assignment]
        self.title = TerminalTitle(self.writer.write, os.environ)
        self._standard_input = self.fileno
        self.fileno = open_without_blocking(self._standard_input)

    def run_input_thread(self) -> None:
        """Read keys until the driver stops.

        Textual's own takes escape and a key that follows soon for one key. It ends the program with
        a traceback at a byte that is not UTF-8 (alt and a letter, in eight-bit mode), and when
        another program, such as the shell after ``bg``, has read the keys first.
        """
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                try:
                    self._read_keys(selector)
                except (ValueError, ArithmeticError, BlockingIOError):
                    continue  # input that came with it is lost
                except OSError:  # the shell has the terminal while we end
                    if not self._is_ending:
                        raise
                    return

    def _read_keys(self, selector: selectors.BaseSelector) -> None:
        parser, keys = XTermParser(), EscapeKeys()
        decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        while not self.exit_event.is_set():
            is_ready = selector.select(ESCAPE_DELAY if keys.is_waiting else POLL_SECONDS)
            text = decode(os.read(self.fileno, READ_BYTES)) if is_ready else ""
            for piece in keys.split(text) if is_ready else keys.flush():
                if piece == ESCAPE:
                    self.process_message(Key("escape", ESCAPE))
                else:
                    for message in parser.feed(piece):
                        self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass on messages, except cursor reports and resizes to nothing."""
        match message:
            case CursorPosition(x=0):  # queries are sent from column 1
                self.writer.reported()
                return
            case CursorPosition(y=0):
                # CSI 1 ; M R is F3 with the modifiers M - 1.
                modifiers = [name for bit, name in _MODIFIERS.items() if message.x & bit]
                message = Key("+".join([*modifiers, "f3"]), None)
            case CursorPosition():
                return
            case Resize() if not message.size:
                return
        super().process_message(message)

    def start_application_mode(self) -> None:
        """Take the terminal, again if it is already taken.

        In the background this stops the process, and tries again when it is continued.
        """
        self._is_continued = True
        while self._is_continued and not self._is_about_to_end():
            self._take()

    def expect_end(self) -> None:
        """Do not take the terminal again, and do not stop the process again in the background."""
        self._is_ending = True

    def stop_application_mode(self) -> None:
        """Wait for the last report, then give the terminal back, whatever is typed meanwhile."""
        if self._is_suspended:  # it has been given back
            return
        if not self._is_in_foreground():
            self.attrs_before = None  # the modes of now are the shell's
        self.title.restore()
        self.writer.settle(REPORT_SECONDS)
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS_OF_KEYS}
        try:
            self._is_held = False
            super().stop_application_mode()
            super().close()  # Textual's thread has then passed everything to the writer
            self.writer.settle()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """End the threads."""
        super().close()
        self.writer.end()
        if self.fileno != self._standard_input:
            os.close(self.fileno)
            self.fileno = self._standard_input

    def _take(self) -> None:
        if self._is_held:
            self._is_held = False
            self.disable_input()
            super().close()
            self._must_signal_resume = True  # everything is drawn again
        self._key_thread = None
        self._is_continued = False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._is_held = self._key_thread is not None
        self._is_suspended = not self._is_held  # in the background
        if self._is_suspended:
            return
        if self.attrs_before is not None and self.attrs_before[tty.LFLAG] & termios.ICANON:
            self._original_modes = self.attrs_before
        elif self._original_modes is not None:  # it was already raw, by us
            self.attrs_before = self._original_modes

    # Job control. Python runs signal handlers in the middle of anything, such as `queue.Queue.put`
    # while it holds its lock. A handler that wrote to the terminal could wait for that lock
    # forever, so the handlers write nothing: the event loop does.

    def _sigtstp_application(self, *_: Any) -> None:
        self._is_continued = True  # see `_suspend`
        if self._loop.is_closed():
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            self._loop.call_soon_threadsafe(self._suspend)

    def _sigcont_application(self, *_: Any) -> None:
        ends = self._is_about_to_end()
        if not self._is_in_foreground():  # asked last: fg may have come meanwhile
            if not ends:
                os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._is_continued = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._resume)

    def _is_about_to_end(self) -> bool:
        """Return whether the app ends, as soon as that is known in the background."""
        deadline = time.monotonic() + _SIGNAL_SECONDS
        while not (self._is_ending or self._is_in_foreground() or time.monotonic() > deadline):
            time.sleep(_SIGNAL_POLL_SECONDS)  # Python runs other signals' handlers meanwhile
        return self._is_ending

    def _is_in_foreground(self) -> bool:
        try:
            return os.getpgrp() == os.tcgetpgrp(self.fileno)
        except OSError:  # no terminal, or not any more
            return True

    def _suspend(self) -> None:
        if self._is_suspended:
            # The key came from a terminal that has us in the foreground. Its SIGCONT may be lost:
            # the kernel discards a pending one when the next ctrl+z comes.
            self.start_application_mode()
            return
        if self._is_held:
            self.suspend_application_mode()
            self._is_suspended = self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)  # neither held nor suspended: it is ending
        if self._is_suspended:
            self.start_application_mode()

    def _resume(self) -> None:
        if self._is_continued and (self._is_held or self._is_suspended):
            self.start_application_mode()
