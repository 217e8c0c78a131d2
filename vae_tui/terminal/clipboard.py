"""Copies text into the clipboard of the user's own terminal (OSC 52)."""

import base64
from collections.abc import Callable, Mapping


def copy(text: str, environment: Mapping[str, str], write: Callable[[str], None]) -> None:
    """Send the sequence that copies ``text`` to ``write``, wrapped for tmux and screen."""
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    if environment.get("TMUX"):
        # tmux passes on only what is wrapped like this.
        sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    elif environment.get("TERM", "").startswith("screen"):
        sequence = "\x1bP" + sequence + "\x1b\\"
    write(sequence)
