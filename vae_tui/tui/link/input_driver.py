"""Textual's driver, which goes on whatever a terminal sends and however it is stopped."""

import contextlib
import os
import signal
import termios
import tty
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
    """The terminal was given back until the process is continued in the foreground."""
    _is_continued = False
    """The process was continued and has not tried to take the terminal since."""
    _usual: list[Any] | None = None
    """Terminal modes to restore: those found when last taking the terminal from another owner."""

    def start_application_mode(self) -> None:
        """Take the terminal, again if it is already taken.

        In the background this stops the process, and tries again when it is continued.
        """
        self._is_continued = True
        while self._is_continued:
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
        self._is_continued = False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._is_held = self._key_thread is not None
        self._is_suspended = not self._is_held  # in the background
        if self._is_suspended:
            return
        if self.attrs_before is not None and self.attrs_before[tty.LFLAG] & termios.ICANON:
            self._usual = self.attrs_before
        elif self._usual is not None:  # it was ours already
            self.attrs_before = self._usual

    # Python runs signal handlers in the middle of anything, such as `queue.Queue.put` while it
    # holds its lock. A handler that wrote to the terminal could wait for that lock forever, so
    # the handlers write nothing: the event loop does.

    def _sigtstp_application(self, *_: Any) -> None:
        self._is_continued = True  # see `_suspend`
        if self._loop.is_closed():
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            self._loop.call_soon_threadsafe(self._suspend)

    def _sigcont_application(self, *_: Any) -> None:
        if self._is_in_background():
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._is_continued = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._resume)

    def _is_in_background(self) -> bool:
        with contextlib.suppress(OSError):  # no terminal, or not any more
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        return False

    def _suspend(self) -> None:
        if self._is_suspended:
            # The key came from a terminal that has this process in the foreground. Its SIGCONT may
            # be lost: the kernel discards a pending one when the next ctrl+z comes.
            self.start_application_mode()
            return
        if self._is_held:
            self.suspend_application_mode()
            self._is_suspended = self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)  # if the screen is neither, it is about to end
        if self._is_suspended:
            self.start_application_mode()

    def _resume(self) -> None:
        if self._is_continued and (self._is_held or self._is_suspended):
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
