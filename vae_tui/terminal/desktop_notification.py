"""Notifications of the user's desktop, which some terminals show (OSC 9 and OSC 777)."""

from collections.abc import Mapping

from vae_tui.terminal.passthrough import wrapped
from vae_tui.text import printable

_LONGEST = 200
_ONLY_777 = ("rxvt", "foot")
"""Values of TERM, or their beginnings."""
_ONLY_9 = ("xterm-kitty", "xterm-ghostty", "wezterm", "iterm")
"""Values of TERM or TERM_PROGRAM of terminals that would show both: two notifications."""


def notification(title: str, body: str, environment: Mapping[str, str]) -> str:
    """Return the sequences that show a notification; terminals without them ignore them."""
    title, body = (printable(text)[:_LONGEST].replace(";", ",") for text in (title, body))
    names = [environment.get(name, "").lower() for name in ("TERM", "TERM_PROGRAM")]
    sequences = []
    if not any(name.startswith(_ONLY_777) for name in names):
        sequences.append(f"\x1b]9;{title}: {body}\x07")
    if not any(name.startswith(_ONLY_9) for name in names):
        sequences.append(f"\x1b]777;notify;{title};{body}\x07")
    return "".join(wrapped(sequence, environment) for sequence in sequences)
