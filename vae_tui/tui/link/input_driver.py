"""Textual's driver, which goes on whatever a terminal sends and however it is stopped."""

import contextlib
import os
import signal
import termios
import tty
from collections.abc import Iterator
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message


class InputDriver(LinuxDriver):
    """Passes over input that makes no sense: bytes that are no UTF-8, reports of no size.

    Textual's own starts anew whenever the process is continued. Where it had not given the terminal
    back before, as after ``kill -STOP``, or is continued in the background, several threads then
    read the keys, and in the end the terminal stays raw.
    """

    _is_held = False
    """The terminal is ours: keys are read."""
    _is_suspended = False
    """It was given back for as long as the process is stopped."""
    _is_changing_hands = False
    _is_to_be_taken = False
    _usual: list[Any] | None = None
    """What the terminal is to be given back as: how it was, last found in nobody's hands."""

    def start_application_mode(self) -> None:
        """Take the terminal; where it was taken already, take it anew.

        In the background this stops the process. Where it is continued meanwhile, all is done
        again once what was begun is through: a signal comes in the middle of anything.
        """
        self._is_to_be_taken = True
        while self._is_to_be_taken and not self._is_changing_hands:
            self._is_to_be_taken = False
            with self._changing_hands():
                self._take()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._is_held = False
        super().stop_application_mode()

    def _take(self) -> None:
        if self._is_held:
            self._is_held = False
            self.disable_input()
            super().close()
            self._must_signal_resume = True  # all is drawn again
        self._key_thread = None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._is_held = self._key_thread is not None
        self._is_suspended = not self._is_held  # in the background
        if self._is_suspended:
            return
        if self.attrs_before is not None and self.attrs_before[tty.LFLAG] & termios.ICANON:
            self._usual = self.attrs_before
        elif self._usual is not None:  # it was ours already
            self.attrs_before = self._usual

    @contextlib.contextmanager
    def _changing_hands(self) -> Iterator[None]:
        self._is_changing_hands = True
        try:
            yield
        finally:
            self._is_changing_hands = False

    def _sigtstp_application(self, *_: Any) -> None:
        if self._is_changing_hands or self._is_suspended:
            # It runs, then, in the foreground. The SIGCONT that says so may never come: the kernel
            # throws one away that has not been heard when the next ctrl+z comes.
            self.start_application_mode()
        elif self._is_held:
            self._is_suspended = self._must_signal_resume = True
            with self._changing_hands():
                self.suspend_application_mode()
            os.kill(os.getpid(), signal.SIGSTOP)
            if self._is_suspended:
                self.start_application_mode()
        else:  # while it ends
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: Any) -> None:
        if self._is_held or self._is_suspended or self._is_changing_hands:
            self.start_application_mode()

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
