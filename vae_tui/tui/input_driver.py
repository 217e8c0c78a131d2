"""Textual's driver, which goes on whatever a terminal sends and however it is stopped."""

import os
import signal
import termios
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message

_LOCAL = 3
"""Where the local modes stand among a terminal's attributes."""


class InputDriver(LinuxDriver):
    """Passes over input that makes no sense: bytes that are no UTF-8, reports of no size.

    Textual's own starts anew whenever the process is continued. Where it had not given the terminal
    back before, as after ``kill -STOP``, two threads then read the keys, and in the end the
    terminal stays raw.
    """

    _is_started = False
    _is_suspended = False
    _usual: list[Any] | None = None
    """What the terminal is to be given back as: how it was, last found in nobody's hands."""

    def start_application_mode(self) -> None:
        """Take the terminal; where it was taken already, take it anew."""
        if self._is_started:
            self.disable_input()
            super().close()
            self._must_signal_resume = True  # all is drawn again
        self._is_started, self._is_suspended = True, False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self.attrs_before is not None and self.attrs_before[_LOCAL] & termios.ICANON:
            self._usual = self.attrs_before
        elif self._usual is not None:  # it was ours already
            self.attrs_before = self._usual

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._is_started = False
        super().stop_application_mode()

    def _sigtstp_application(self, *_: Any) -> None:
        if self._is_suspended:  # a second time, just before it stops
            return
        if self._is_started:
            self._is_suspended = True
            super()._sigtstp_application()
            self._go_on()
        else:  # while it ends
            os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Take the terminal again, after a stop, where that has not been done yet.

        The kernel throws a SIGCONT away that has not been heard when the next ctrl+z comes.
        """
        if self._is_suspended:
            super()._sigcont_application()

    def _sigcont_application(self, *_: Any) -> None:
        if self._is_started or self._is_suspended:
            super()._sigcont_application()

    def run_input_thread(self) -> None:
        """Listen until told to end.

        Textual's own ends the program with a traceback at the first byte that is no UTF-8, such
        as a terminal sends for alt and a letter when it is set to eight bits.
        """
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except (ValueError, ArithmeticError):  # what came together with it is lost
                continue

    def process_message(self, message: Message) -> None:
        """Pass messages on, but for the report of a size in which nothing can be drawn."""
        if not isinstance(message, Resize) or message.size:
            super().process_message(message)
