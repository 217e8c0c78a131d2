"""Follows the commands that screens and the shell send to a run's trainer."""

import contextlib
import math
from pathlib import Path

from vae_tui.run.files import LineTail, signature
from vae_tui.run.untrusted import json_object

_LATEST = 1e11
"""Unix seconds; a later time is not one that a clock shows."""


class CommandTail:
    """Finds when a stop of the trainer was last requested, by any process."""

    def __init__(self, commands: Path) -> None:
        self._path = commands
        self._tail = LineTail(commands)
        self._seen: tuple[int, int, int] | None = None
        self._stop_requested_at = -math.inf

    def stop_requested_at(self) -> float:
        """Return when, in Unix seconds by the clock of the sender; -inf if never."""
        if (seen := signature(self._path)) != self._seen:
            self._seen = seen
            with contextlib.suppress(OSError):
                while lines := self._tail.read():
                    for line in lines:
                        self._take(line)
        return self._stop_requested_at

    def _take(self, line: bytes) -> None:
        with contextlib.suppress(ValueError):
            record = json_object(line)
            when = record.get("time")
            if record.get("command") != "stop" or not isinstance(when, int | float):
                return
            if abs(when) < _LATEST:
                self._stop_requested_at = float(when)
