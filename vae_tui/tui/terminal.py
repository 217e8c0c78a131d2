"""The terminal this process was given: what it can show, and when it goes away.

``prepare`` comes before textual is imported: textual reads its settings on import.
"""

import asyncio
import base64
import codecs
import os
import select
import signal
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping

_MORE_THAN_16_COLOURS = {"xterm", "screen", "tmux", "alacritty", "foot", "xterm-ghostty", "ghostty"}
"""Names from which nothing is learnt of colours, of terminals that have 256."""
_NO_SCREEN = {"dumb", "unknown", ""}
_PARTING_SECONDS = 0.8
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

    Textual's default dies at once and leaves the terminal raw.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, leave, 128 + number)


def watch_for_hangup(leave: Callable[[], None], return_code: int) -> None:
    """Call ``leave`` when the terminal is gone; end the process if that does not."""

    def wait() -> None:
        poll = select.poll()
        poll.register(0, 0)  # hang-up and error are told without asking
        while not any(flags & (select.POLLHUP | select.POLLERR) for _, flags in poll.poll()):
            time.sleep(0.1)
        leave()
        time.sleep(_PARTING_SECONDS)
        os._exit(return_code)

    threading.Thread(target=wait, name="hangup", daemon=True).start()


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
