"""Finds the escape key in a terminal's input, where it is also the first byte of other keys.

Textual's parser takes escape and a key within 100 ms for alt and that key, or for a key of its
table (escape 7 is a pilcrow sign): a field then gets the character, and the dialog stays open.
Here they are two keys, except for ``[`` and ``O``, with which sequences begin. So alt and a letter
is escape and the letter, except on terminals with the Kitty protocol, which sends both in sequences
of their own.
"""

import re

ESCAPE = "\x1b"
_ESCAPE_KEY = re.compile(r"(\x1b)(?![\[O])")
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"


class EscapeKeys:
    """Splits input into pieces: an escape key is a piece by itself, `ESCAPE`."""

    def __init__(self) -> None:
        self._held = self._pasted = ""

    @property
    def is_waiting(self) -> bool:
        """Whether the input ended with what may be the beginning of a sequence."""
        return bool(self._held)

    def split(self, data: str) -> list[str]:
        """Return the pieces of ``data``; an escape at its end is held until more is known."""
        text, self._held = self._held + data, ""
        if self._pasted or _PASTE in text:  # no escape is a key in pasted text
            self._pasted += text
            if self._pasted.rfind(_PASTE_END) > self._pasted.rfind(_PASTE):
                self._pasted = ""
            return [text] if text else []
        if text.endswith(ESCAPE):
            text, self._held = text[:-1], ESCAPE
        return [piece for piece in _ESCAPE_KEY.split(text) if piece]

    def flush(self) -> list[str]:
        """Return the held input as pieces: nothing followed, so it was the escape key."""
        held, self._held = self._held, ""
        return [held] if held else []
