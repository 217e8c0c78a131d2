"""Follows the commands that screens and the shell send to a run's trainer."""

import contextlib
from pathlib import Path

from vae_tui.run.files import LineTail, signature
from vae_tui.run.untrusted import json_object


class CommandTail:
    """Finds the newest stop that was sent to a trainer, by any process."""

    def __init__(self, commands: Path) -> None:
        self._tail = LineTail(commands)
        self._path = commands
        self._seen: tuple[int, int, int] | None = None
        self._stop_offset = -1

    def stop_offset(self) -> int:
        """Return where the newest stop begins in the file, in bytes; -1 if there is none."""
        if (seen := signature(self._path)) != self._seen:
            self._seen = seen
            with contextlib.suppress(OSError):
                while block := self._tail.read_block():
                    self._take(self._tail.offset - len(block), block)
        return self._stop_offset

    def _take(self, offset: int, block: bytes) -> None:
        for line in block.split(b"\n"):
            with contextlib.suppress(ValueError):
                if json_object(line).get("command") == "stop":
                    self._stop_offset = offset
            offset += len(line) + 1
