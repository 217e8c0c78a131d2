"""Where the trainer's commands come from: the run folder and signals."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from vae_tui.run import commands
from vae_tui.run.commands import Command
from vae_tui.run.files import LineTail
from vae_tui.training.log import log

_POLL_SECONDS = 0.01


MOST_COMPLAINTS = 100
"""In the log, of lines that are no commands: more would tell nothing new and fill the disk."""


class CommandFile:
    """Takes commands from the run folder; a signal to end counts as a stop.

    Args:
        path: The file of the commands.
        offset: Bytes of it to skip.
        agent: The parent whose end counts as a stop too: torchrun holds the lock for its ranks.
    """

    def __init__(self, path: Path, offset: int, agent: int | None = None) -> None:
        self._agent = agent
        self.save_requested = False
        self._tail = LineTail(path, offset)
        self._path = path
        self._told_to_stop = False
        self._stop_came = False
        self._seen: list[Command] = []
        self._complaints = 0

    def stop(self, *_: object) -> None:
        """Make the next ``take`` return a stop; a signal handler."""
        self._told_to_stop = True

    def is_told_to_stop(self) -> bool:
        """Tell whether a stop has come, taken already or not."""
        self._seen += self._read()
        return self._stop_came

    def take(self, wait: float) -> Sequence[Command]:
        """Return what has been asked, after at most ``wait`` seconds when nothing has."""
        deadline = time.monotonic() + wait
        seen, self._seen = self._seen, []
        while not (found := seen + self._read()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return found

    def _read(self) -> list[Command]:
        orphaned = self._agent not in (None, os.getppid())
        if self._told_to_stop or orphaned:
            self._stop_came = True
            return [Command(command="stop")]
        try:
            if self._path.stat().st_size <= self._tail.offset:
                return []
            lines = self._tail.read()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                found.append(commands.decode(line))
            except ValueError as error:
                self._complaints += 1
                if self._complaints <= MOST_COMPLAINTS:
                    log(f"{self._path.name}: {error}: {line[:80]!r}")
        self.save_requested |= any(command.command == "save" for command in found)
        self._stop_came |= any(command.command == "stop" for command in found)
        return found


class NoCommands:
    """What ranks other than 0 take their own commands from: rank 0 shares its with them."""

    save_requested = False

    def stop(self, *_: object) -> None:
        """Leave it to rank 0, whom the same signal reaches."""

    def is_told_to_stop(self) -> bool:
        """Never: rank 0 tells."""
        return False

    def take(self, wait: float) -> Sequence[Command]:
        """Return nothing."""
        return ()
