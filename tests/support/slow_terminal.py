"""A terminal behind a slow link."""

import os
import select
import time
from collections.abc import Sequence
from typing import Any

from support.terminal import Terminal

QUESTION, ANSWER = b"\x1b[6n", b"\x1b[1;1R"
TICK_SECONDS = 0.005


class SlowTerminal(Terminal):
    """Shows ``rate`` bytes a second.

    Args:
        command: To run.
        rate: Bytes a second.
        buffers: Read everything at once and delay it, as SSH does; otherwise the pseudo-terminal,
            which holds about 15 kB, is read slowly.
        answers: Answer cursor position queries once they have arrived, as terminals do.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        rate: float,
        buffers: bool = False,
        answers: bool = False,
        **more: Any,
    ) -> None:
        self._rate = rate
        self._buffers = buffers
        self._answers = answers
        self._waiting = bytearray()
        self._credit, self._credited_at = 0.0, time.monotonic()
        self._end = b""
        super().__init__(command, **more)

    def read(self, seconds: float = 0.05) -> bool:
        """Show what arrives within ``seconds``; return False once the program hung up."""
        deadline = time.monotonic() + seconds
        while True:
            if not self._take() and not self._waiting:
                return False
            left = deadline - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(TICK_SECONDS, left))

    def _take(self) -> bool:
        now = time.monotonic()
        # Time without reading earns no credit.
        self._credit += self._rate * min(now - self._credited_at, 10 * TICK_SECONDS)
        self._credited_at = now
        alive = True
        while alive and (room := self._room()) and self._is_ready():
            try:
                block = os.read(self.descriptor, room)
            except OSError:
                block = b""
            alive = bool(block)
            self._waiting += block
        count = min(int(self._credit), len(self._waiting))
        self._credit = self._credit - count if self._waiting[count:] else 0.0
        if count:
            self.show(bytes(self._waiting[:count]))
            del self._waiting[:count]
        return alive

    def _room(self) -> int:
        return 1 << 16 if self._buffers else max(int(self._credit) - len(self._waiting), 0)

    def _is_ready(self) -> bool:
        return bool(select.select([self.descriptor], [], [], 0)[0])

    def show(self, block: bytes) -> None:
        super().show(block)
        if self._answers:
            seen = self._end + block
            os.write(self.descriptor, ANSWER * seen.count(QUESTION))
            self._end = b"" if seen.endswith(QUESTION) else seen[-len(QUESTION) + 1 :]
