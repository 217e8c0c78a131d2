"""The terminal this process was given: what it can show, and when it goes away.

``prepare`` comes before textual is imported: textual reads its settings on import.
"""

import asyncio
import base64
import codecs
import contextlib
import os
import select
import signal
import sys
import termios
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial

_MORE_THAN_16_COLOURS = {"xterm", "screen", "tmux", "alacritty", "foot", "xterm-ghostty", "ghostty"}
"""Names from which nothing is learnt of colours, of terminals that have 256."""
_NO_SCREEN = {"dumb", "unknown", ""}
_PARTING_SECONDS, _ENDING_SECONDS = 0.6, 3.0
"""To leave in order: when the terminal is gone, and when only its link may be frozen."""
_LIKENESSES = dict(zip("─━╌│┃·●•×…←→↑↓", "---||-oox.<>^v", strict=True))


def prepare() -> None:
    """Set what textual and numpy read when they are imported."""
    environment = os.environ
    # numpy's own threads: one picture at a time must not take cores from the training. Not
    # OMP_NUM_THREADS, which a trainer started from here would inherit.
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    if colours := colour_system(environment):
        environment.setdefault("TEXTUAL_COLOR_SYSTEM", colours)
    if sys.__stderr__ is not None and hasattr(sys.__stderr__, "reconfigure"):
        if is_unicode(environment):
            sys.__stderr__.reconfigure(encoding="utf-8", errors="replace")
        else:
            codecs.register_error("ascii-likeness", _likeness)
            sys.__stderr__.reconfigure(encoding="ascii", errors="ascii-likeness")


def colour_system(environment: Mapping[str, str]) -> str | None:
    """Return the colours to insist on where the usual detection takes 256 for 16."""
    if environment.get("NO_COLOR") or environment.get("COLORTERM"):
        return None
    return "256" if environment.get("TERM") in _MORE_THAN_16_COLOURS else None


def missing(environment: Mapping[str, str]) -> str:
    """Return why no screen can be shown here, in words; nothing when one can.

    Textual paints on stderr and reads stdin: all three streams have to be the terminal.
    """
    for stream, name in ((sys.stdout, "stdout"), (sys.stdin, "stdin"), (sys.stderr, "stderr")):
        if stream is None or not stream.isatty():
            return f"{name} is no terminal"
    if environment.get("TERM", "") in _NO_SCREEN:
        return f"the terminal says it is {environment.get('TERM', '') or 'of no kind (TERM)'}"
    return ""


def is_unicode(environment: Mapping[str, str]) -> bool:
    """Tell whether half-blocks can be written: the locale is UTF-8, or says nothing."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environment.get(name):
            return "utf8" in value.lower().replace("-", "")
    return environment.get("TERM", "") not in ("linux", "vt100", "vt220")


def copy(text: str, environment: Mapping[str, str], write: Callable[[str], None]) -> None:
    """Put text into the clipboard of the user's own terminal (OSC 52), through tmux and screen."""
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    if environment.get("TMUX"):
        # tmux keeps the sequence to itself unless it is told to pass it on.
        sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    elif environment.get("TERM", "").startswith("screen"):
        sequence = "\x1bP" + sequence + "\x1b\\"
    write(sequence)


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


def _likeness(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII as wide as what cannot be written; ``?`` where nothing looks like it."""
    assert isinstance(error, UnicodeEncodeError)
    characters = error.object[error.start : error.end]
    return "".join(map(_ascii, characters)), error.end


def _ascii(character: str) -> str:
    if character in _LIKENESSES:
        return _LIKENESSES[character]
    if unicodedata.combining(character):
        return ""
    if "\u2500" <= character <= "\u259f":
        return "+" if character < "\u2580" else " "  # a corner, or a scroll bar's end
    return "??" if unicodedata.east_asian_width(character) in "WF" else "?"
