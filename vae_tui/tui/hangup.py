"""The terminal this process was given: what it can show, and when it goes away.

``prepare`` comes before textual is imported: textual reads its settings on import.
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

_PARTING_SECONDS, _ENDING_SECONDS = 0.6, 3.0
"""To leave in order: when the terminal is gone, and when only its link may be frozen."""


def answer_signals(leave: Callable[[int], object]) -> None:
    """Let SIGHUP and SIGTERM call ``leave`` with the exit code, on the running loop.

    Textual's default dies at once and leaves the terminal raw. A loop that waits for a frozen
    link hears nothing: the process then ends all the same, with the terminal as it was.
    """
    loop = asyncio.get_running_loop()

    def insist(number: int, _: object) -> None:
        _end_in(_ENDING_SECONDS, 128 + number)

    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, leave, 128 + number)
        signal.signal(number, insist)  # beside the loop's: python runs it even while that waits


def hold_interrupts() -> None:
    """Ignore the shell's keys that end a program: the terminal is between two screens of ours."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)


def heed_interrupts() -> None:
    """End what ``hold_interrupts`` began; the driver has its own answer to SIGTSTP by then."""
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def watch_for_hangup(leave: Callable[[], None], return_code: int) -> Callable[[], None]:
    """Call ``leave`` when the terminal is gone; end the process if that does not.

    Returns:
        What ends the watch: another screen may follow in the same process.
    """
    told, ending = os.pipe()

    def wait() -> None:
        poll = select.poll()
        for descriptor in (0, told):
            poll.register(descriptor, 0)  # hang-up and error are told without asking
        while not (gone := _hung_up(poll)):
            time.sleep(0.1)
        os.close(told)
        if 0 in gone:
            _end_in(_PARTING_SECONDS, return_code)  # first: leaving may take for ever
            leave()

    threading.Thread(target=wait, name="hangup", daemon=True).start()
    return partial(os.close, ending)


def _hung_up(poll: "select.poll") -> set[int]:
    """Wait; return the descriptors whose other end is gone."""
    gone = select.POLLHUP | select.POLLERR
    return {descriptor for descriptor, flags in poll.poll() if flags & gone}


def _end_in(seconds: float, return_code: int) -> None:
    """End the process by force, with the terminal usable, unless it ends by itself before."""

    def end() -> None:
        time.sleep(seconds)
        with contextlib.suppress(termios.error):
            _make_sane()
        os._exit(return_code)

    threading.Thread(target=end, name="end", daemon=True).start()


def _make_sane() -> None:
    """Take the terminal out of raw mode; nothing is written, so nothing can block."""
    input_, output, control, local, *rest = termios.tcgetattr(0)
    input_ |= termios.ICRNL | termios.IXON
    output |= termios.OPOST
    local |= termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG
    termios.tcsetattr(0, termios.TCSANOW, [input_, output, control, local, *rest])
