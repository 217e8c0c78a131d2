"""Numbers and strangers' text, as a person reads them."""

import math


def count(number: float) -> str:
    """Return a large number in at most five characters: ``812``, ``54.2k``, ``1.3M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            shown = number / size
            return f"{shown:.0f}{letter}" if shown >= 99.95 else f"{shown:.1f}{letter}"
    return f"{number:.0f}"


def duration(seconds: float) -> str:
    """Return a time span in two units at most: ``0.4 s``, ``41 s``, ``3 m 05 s``."""
    if not math.isfinite(seconds):
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


def printable(text: str) -> str:
    """Return text from a file as it cannot steer a terminal: control characters become ``?``."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
