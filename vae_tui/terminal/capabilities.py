"""What a terminal can show. ``prepare`` must run before textual is imported."""

import codecs
import os
import sys
import unicodedata
from collections.abc import Mapping

_MORE_THAN_16_COLOURS = {"xterm", "screen", "tmux", "alacritty", "foot", "xterm-ghostty", "ghostty"}
"""Names from which nothing is learnt of colours, of terminals that have 256."""


LEAST_SIZE = (60, 20)
"""Columns and rows below which a line says what the screen needs."""
NO_SCREEN = {"dumb", "unknown", ""}


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
    if environment.get("TERM", "") in NO_SCREEN:
        return f"the terminal says it is {environment.get('TERM', '') or 'of no kind (TERM)'}"
    return ""


def is_multiplexed(environment: Mapping[str, str]) -> bool:
    """Return whether tmux, screen or mosh answers what is asked of the terminal."""
    return not environment.keys().isdisjoint({"TMUX", "STY", "MOSH_CONNECTION"})


def is_unicode(environment: Mapping[str, str]) -> bool:
    """Tell whether half-blocks can be written: the locale is UTF-8, or says nothing."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environment.get(name):
            return "utf8" in value.lower().replace("-", "")
    return environment.get("TERM", "") not in ("linux", "vt100", "vt220")


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
