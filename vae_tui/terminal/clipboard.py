"""Copies text into the clipboard of the user's own terminal (OSC 52)."""

import base64
from collections.abc import Callable, Mapping

from vae_tui.terminal.passthrough import wrapped


def copy(text: str, environment: Mapping[str, str], write: Callable[[str], None]) -> None:
    """Send the sequence that copies ``text`` to ``write``, wrapped for tmux and screen."""
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    write(wrapped(sequence, environment))
