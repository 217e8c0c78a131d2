"""Finds the escape key in a terminal's input, where it is also the first byte of other keys.

Textual's parser takes escape and a key within 100 ms for alt and that key, or for a key of its
table (escape 7 is a pilcrow sign): a field then gets the character, and the dialog stays open.
Here they are two keys. So alt and a letter is escape and the letter, except on terminals with the
Kitty protocol, which sends both in sequences of their own.
"""

import re

ESCAPE = "\x1b"
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[0-9;]*[@-~])")
"""A control sequence (ECMA-48, 5.4), or a key of the numeric keypad or the function keys (SS3)."""
_BEGINNING = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O[0-9;]*)?")
_LONGEST_BEGINNING = 40
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"


class EscapeKeys:
    """Splits input into pieces: an escape key is a piece by itself, `ESCAPE`."""

    def __init__(self) -> None:
        self._held = ""
        """Input that may be the beginning of a sequence."""
        self._is_pasting = False

    @property
    def is_waiting(self) -> bool:
        """Whether the input ended with what may be the beginning of a sequence."""
        return bool(self._held)

    def split(self, data: str) -> list[str]:
        """Return the pieces of the held input and ``data``; an incomplete sequence stays held."""
        text, self._held = self._held + data, ""
        pieces: list[str] = []
        while text:
            end = self._end_of_piece(text)
            if not end:
                self._held = text
                break
            pieces.append(text[:end])
            text = text[end:]
            if pieces[-1] in (_PASTE, _PASTE_END):
                self._is_pasting = pieces[-1] == _PASTE
        return pieces

    def flush(self) -> list[str]:
        """Return the held input as pieces: nothing followed, so it began with the escape key."""
        text, self._held = self._held, ""
        return [ESCAPE, *filter(None, [text[1:]])] if text and not self._is_pasting else [text]

    def _end_of_piece(self, text: str) -> int:
        """Return the length of the first piece; 0 if more is needed to know it."""
        if self._is_pasting:
            return self._end_of_pasted(text)
        if text[0] != ESCAPE:
            return text.find(ESCAPE) if ESCAPE in text else len(text)
        if sequence := _SEQUENCE.match(text):
            return sequence.end()
        is_beginning = len(text) < _LONGEST_BEGINNING and _BEGINNING.fullmatch(text)
        return 0 if is_beginning else len(ESCAPE)

    @staticmethod
    def _end_of_pasted(text: str) -> int:
        """Return the length of pasted text, in which no escape is a key."""
        if text.startswith(_PASTE_END):
            return len(_PASTE_END)
        if _PASTE_END in text:
            return text.index(_PASTE_END)
        held = next(n for n in range(len(_PASTE_END) - 1, -1, -1) if text.endswith(_PASTE_END[:n]))
        return len(text) - held
