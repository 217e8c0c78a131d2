"""Numbers and untrusted text in a form for people to read."""

import unicodedata
from collections.abc import Collection, Sequence
from difflib import get_close_matches

SEPARATOR = " · "
"""Between the parts of a line."""
_LEAST_FIRST_PART = 8
"""Characters; with fewer, the second part of a line is cut."""
_LONGEST_NAME = 40
"""Characters of a name that are compared with others."""
_LONGEST = 1e11
"""Seconds; a longer time comes from a wrong clock."""


def count(number: float) -> str:
    """Return a large number in at most five characters: ``812``, ``54.2k``, ``1.3M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            shown = number / size
            return f"{shown:.0f}{letter}" if shown >= 99.95 else f"{shown:.1f}{letter}"
    return f"{number:.0f}"


def counted(number: int, noun: str) -> str:
    """Return a number and what it counts, as in 1 image or 2,000 images."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a time span in two units at most: ``0.4 s``, ``41 s``, ``3 m 05 s``."""
    if not abs(seconds) < _LONGEST:
        return "?"
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02} h"


def size(number: float) -> str:
    """Return a number of bytes in at most six characters: ``743M``, ``1.2G``."""
    for scale, letter in ((2**30, "G"), (2**20, "M"), (2**10, "K")):
        if number >= scale:
            shown = number / scale
            return f"{shown:.0f}{letter}" if shown >= 10 else f"{shown:.1f}{letter}"
    return f"{number:.0f}B"


def byte_size(number: float) -> str:
    """Return a number of bytes with its unit: ``512B``, ``743MB``."""
    return f"{size(number).removesuffix('B')}B"


def printable(text: str) -> str:
    """Return text from a file made safe for a terminal: control characters become ``?``.

    So do combining characters beyond two on a letter, which would reach into the lines above.
    """
    if text.isascii() and text.isprintable():
        return text
    safe, accents = [], 0
    for letter in text:
        accents = accents + 1 if unicodedata.combining(letter) else 0
        safe.append(letter if letter.isprintable() and accents <= 2 else "?")
    return "".join(safe)


def cut(text: str, width: int) -> str:
    """Return text in at most ``width`` characters, the last one ``~`` if some are left out."""
    return text if len(text) <= width else f"{text[: width - 1]}~"


def cut_middle(text: str, width: int) -> str:
    """Return text in at most ``width`` characters, with ``~`` for what is left out in the middle.

    A message that begins with what happened and ends with why or where keeps both.
    """
    if len(text) <= width:
        return text
    end = max(width - 1, 0) * 2 // 3
    return f"{text[: max(width - 1 - end, 0)]}~{text[len(text) - end :]}"[:width]


def one_line(parts: Sequence[str], width: int) -> str:
    """Return parts, most important first, joined in at most ``width`` characters.

    If they are too long, those after the second are left out; then the first is cut in its middle.
    """
    shown = list(parts)
    while len(shown) > 2 and len(SEPARATOR.join(shown)) > width:
        shown.pop()
    if len(shown) > 1:
        room = width - len(shown[1]) - len(SEPARATOR)
        shown[0] = cut_middle(shown[0], max(room, _LEAST_FIRST_PART))
    return cut_middle(SEPARATOR.join(shown), width)


def printable_lines(text: str) -> str:
    """Return ``printable`` text with its line ends kept."""
    return "\n".join(map(printable, text.split("\n")))


def did_you_mean(name: str, known: Collection[str], then: str = "") -> str:
    """Return a question with the one of ``known`` that is most like ``name``, and ``then``.

    If none is similar, ``then`` alone.
    """
    near = get_close_matches(name[:_LONGEST_NAME].lower(), known, n=1)
    return " ".join((*(f"did you mean {one}?" for one in near), *filter(None, (then,))))


def preview(value: object) -> str:
    """Return the beginning of a wrong value from a file, for a message."""
    # Not the repr of nested values: they may be deeper than the remaining stack.
    is_plain = value is None or isinstance(value, (str, int, float))
    return f"{value!r:.40}" if is_plain else f"a {type(value).__name__}"
