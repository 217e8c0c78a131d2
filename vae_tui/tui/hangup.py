"""Ends the screen on SIGHUP, SIGTERM or when the terminal is gone, and leaves the terminal usable.

Textual dies of these signals at once and leaves the terminal raw (Textualize/textual issue 5140).
With SIGHUP ignored and the terminal gone it would use a whole core forever.
"""

import asyncio
import contextlib
import os
import select
import signal
import termios
import threading
import time
from collections.abc import Callable
from functools import partial

_GONE_SECONDS, _FROZEN_SECONDS = 0.6, 3.0
"""Time to exit in order before the process is ended by force: when the terminal is gone, and when
its link may be frozen."""


def answer_signals(leave: Callable[[int], object], expect_end: Callable[[], object]) -> None:
    """Let SIGHUP and SIGTERM call ``leave`` with the exit code, on the running event loop.

    ``expect_end`` is called before, in the signal handler. If the event loop is blocked, the
    process is ended by force.
    """
    loop = asyncio.get_running_loop()

    def force(number: int, _: object) -> None:
        for stops_in_background in (signal.SIGTTOU, signal.SIGTTIN):
            signal.signal(stops_in_background, signal.SIG_IGN)
        expect_end()
        _end_in(_FROZEN_SECONDS, 128 + number)

    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, leave, 128 + number)
        signal.signal(number, force)  # besides the loop's handler, which a blocked loop never runs


def hold_interrupts() -> None:
    """Ignore ctrl+c, ctrl+\\ and ctrl+z, while no screen reads keys and the terminal is cooked."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)


def restore_interrupts() -> None:
    """Undo `hold_interrupts`, except for SIGTSTP, which the driver handles."""
    for number, default in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


def watch_for_hangup(leave: Callable[[], None], return_code: int) -> Callable[[], None]:
    """Call ``leave`` in a thread when the terminal is gone; end the process if that does not.

    Returns a function that ends the watch: another screen may follow in the same process.
    """
    stopped, stop = os.pipe()

    def wait() -> None:
        poll = select.poll()
        for descriptor in (0, stopped):
            poll.register(descriptor, 0)  # hang-up and error are always reported
        closed = select.POLLHUP | select.POLLERR
        while not (gone := {number for number, flags in poll.poll() if flags & closed}):
            time.sleep(0.1)
        os.close(stopped)
        if 0 in gone:
            _end_in(_GONE_SECONDS, return_code)  # first: `leave` may block forever
            leave()

    threading.Thread(target=wait, name="hangup", daemon=True).start()
    return partial(os.close, stop)


def _end_in(seconds: float, return_code: int) -> None:
    """End the process by force after ``seconds``, with the terminal usable."""

    def end() -> None:
        time.sleep(seconds)
        # Out of raw mode, without a write that may block, if the terminal is ours.
        with contextlib.suppress(OSError, termios.error):
            if os.tcgetpgrp(0) != os.getpgrp():
                os._exit(return_code)
            input_, output, control, local, *rest = termios.tcgetattr(0)
            input_ |= termios.ICRNL | termios.IXON
            output |= termios.OPOST
            local |= termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
            termios.tcsetattr(0, termios.TCSANOW, [input_, output, control, local, *rest])
        os._exit(return_code)

    threading.Thread(target=end, name="end", daemon=True).start()
