"""What a terminal can show. `prepare` must run before textual is imported."""

import codecs
import os
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

_MORE_THAN_16_COLOURS = {"xterm", "screen", "tmux", "alacritty", "foot", "xterm-ghostty", "ghostty"}
"""Values of TERM for which Rich assumes 16 colours although the terminals have 256."""
NONE, STANDARD, PALETTE, TRUECOLOR = "none", "16", "256", "truecolor"
LEAST_SIZE = (60, 20)
"""Columns and rows that the screen needs."""
NO_SCREEN = {"dumb", "unknown", ""}
"""Values of TERM."""
_SIMILAR_ASCII = dict(zip("─━╌│┃·●•×…←→↑↓◆■", "---||-oox.<>^v*#", strict=True))


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours in use."""

    system: str
    """none, 16, 256 or truecolor."""
    because: str
    """The rule that decided it."""


def prepare() -> str:
    """Set what textual and numpy read when they are imported; return the terminal's colours.

    They are 16, 256 or truecolor, of which ``NO_COLOR`` leaves greys. With 256 Textual is to send
    truecolor, whose nearest colours our terminal driver finds better than Rich does.
    """
    environment = os.environ
    with_colour = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    colours = colours_in_use(with_colour).system
    # Decoding a picture must not take cores from the training. Not OMP_NUM_THREADS: a trainer
    # started from here would inherit it.
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    if colours == PALETTE:
        environment["TEXTUAL_COLOR_SYSTEM"] = TRUECOLOR
    if sys.__stderr__ is not None and hasattr(sys.__stderr__, "reconfigure"):
        if is_unicode(environment):
            sys.__stderr__.reconfigure(encoding="utf-8", errors="replace")
        else:
            codecs.register_error("similar-ascii", _similar_ascii)
            sys.__stderr__.reconfigure(encoding="ascii", errors="similar-ascii")
    return colours


def colour_system(environment: Mapping[str, str]) -> str | None:
    """Return 256 where Rich would detect 16 although the terminal has more; else None."""
    if environment.get("COLORTERM"):
        return None
    return "256" if environment.get("TERM") in _MORE_THAN_16_COLOURS else None


def colours_in_use(environment: Mapping[str, str]) -> Colours:
    """Return the colours of the screen: Textual's rule, then `colour_system`, then Rich's rules."""
    term = environment.get("TERM", "")
    if "NO_COLOR" in environment:
        return Colours(NONE, "NO_COLOR is set")
    if requested := environment.get("TEXTUAL_COLOR_SYSTEM"):
        if requested != "auto":
            known = {"standard": STANDARD, "256": PALETTE, "truecolor": TRUECOLOR}
            return Colours(known.get(requested, NONE), f"TEXTUAL_COLOR_SYSTEM={requested}")
    elif corrected := colour_system(environment):
        return Colours(corrected, f"TERM={term} declares 16 colours; current terminals have 256")
    colorterm = environment.get("COLORTERM", "").strip().lower()
    if colorterm in ("truecolor", "24bit"):
        return Colours(TRUECOLOR, f"COLORTERM={colorterm}")
    suffix = term.strip().lower().rpartition("-")[2]
    if suffix in ("256color", "kitty"):
        return Colours(PALETTE, f"TERM={term}, and COLORTERM is not truecolor")
    return Colours(STANDARD, f"TERM={term or 'nothing'} declares no more than 16")


def missing(environment: Mapping[str, str]) -> str:
    """Return why no screen can be shown here; empty when one can.

    Textual paints on stderr and reads stdin: all three streams have to be the terminal.
    """
    if is_browser(environment):
        return ""
    for stream, name in ((sys.stdout, "stdout"), (sys.stdin, "stdin"), (sys.stderr, "stderr")):
        if stream is None or not stream.isatty():
            return f"{name} is not a terminal"
    if environment.get("TERM", "") in NO_SCREEN:
        return f"TERM is {environment.get('TERM') or 'not set'}"
    return ""


def is_browser(environment: Mapping[str, str]) -> bool:
    """Return whether textual-serve passes the screen on to a browser, through pipes."""
    return environment.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def is_multiplexed(environment: Mapping[str, str]) -> bool:
    """Return whether tmux, screen or mosh answers the queries that are sent to the terminal."""
    return not environment.keys().isdisjoint({"TMUX", "STY", "MOSH_CONNECTION"})


def locale_in_use(environment: Mapping[str, str]) -> str:
    """Return the variable that decides the character set, as ``NAME=value``; empty if none does."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    return next((f"{name}={value}" for name in names if (value := environment.get(name))), "")


def is_unicode(environment: Mapping[str, str], encoding: str = "utf-8") -> bool:
    """Return whether half-blocks can be written: the locale is UTF-8 or unset, and so is stdout.

    ``encoding`` is that of stdout where it matters.
    """
    if "utf" not in encoding.lower():
        return False
    if locale := locale_in_use(environment):
        return "utf8" in locale.lower().replace("-", "")
    return environment.get("TERM", "") not in ("linux", "vt100", "vt220")


def _similar_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII of the same width for what cannot be encoded; ``?`` if nothing is similar."""
    assert isinstance(error, UnicodeEncodeError)
    characters = error.object[error.start : error.end]
    return "".join(map(_ascii, characters)), error.end


def _ascii(character: str) -> str:
    if character in _SIMILAR_ASCII:
        return _SIMILAR_ASCII[character]
    if unicodedata.combining(character):
        return ""
    if "\u2500" <= character <= "\u259f":
        return "+" if character < "\u2580" else " "  # a corner, or a scroll bar's end
    return "??" if unicodedata.east_asian_width(character) in "WF" else "?"
