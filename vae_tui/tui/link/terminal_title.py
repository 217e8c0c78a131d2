"""The title of the terminal's window, while the screen is shown."""

import math
import time
from collections.abc import Callable, Mapping

from vae_tui.text import printable

PUSH, POP = "\x1b[22;0t", "\x1b[23;0t"
"""Save the title on the terminal's stack, and restore it (xterm)."""
LEAST_SECONDS = 3.0
"""Shortest time between two titles."""
WITHOUT_TITLE = ("linux", "vt100", "vt220")
"""Values of TERM; such a terminal might print the text."""


class TerminalTitle:
    """Sets the title with ``write`` and restores the one before."""

    def __init__(
        self,
        write: Callable[[str], object],
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._clock = clock
        self._has_title = environment.get("TERM", "") not in WITHOUT_TITLE
        self._shown = ""
        self._shown_at = -math.inf

    def show(self, text: str) -> None:
        """Set the title, if it is another one and the last was not set just before.

        To be called again and again: a title that came too soon is set by a later call.
        """
        now = self._clock()
        if not self._has_title or text == self._shown or now - self._shown_at < LEAST_SECONDS:
            return
        push = "" if self._shown else PUSH
        self._shown, self._shown_at = text, now
        self._write(f"{push}\x1b]0;{printable(text)}\x07")

    def restore(self) -> None:
        """Restore the title that was there before the first one."""
        if self._shown:
            # Terminals without the stack get an empty title, which most replace by their own.
            self._write(f"\x1b]0;\x07{POP}")
        self._shown, self._shown_at = "", -math.inf
