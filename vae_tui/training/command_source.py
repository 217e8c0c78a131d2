"""Where the trainer gets its commands: the run folder and signals."""

import contextlib
import math
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from vae_tui.run import commands
from vae_tui.run.commands import PREEMPTED, Command
from vae_tui.run.files import LineTail, append
from vae_tui.training.patient_writer import log

MAX_LOGGED_ERRORS = 100
"""Further invalid lines are not logged, so that they cannot fill the disk."""
_POLL_SECONDS = 0.01
_OPEN_SECONDS = 1.0
"""Longest interval between two openings of the file."""


class CommandFile:
    """Reads ``commands.jsonl`` from an offset in bytes; a signal counts as a stop.

    So does the death of ``agent``, the process id of torchrun. A rank that is not ``first`` reads
    nothing, because the first one shares its commands; it appends the stop to the file.
    """

    def __init__(
        self, path: Path, offset: int, agent: int | None = None, *, first: bool = True
    ) -> None:
        self.save_requested = False
        """Set by a save command; whoever saves resets it."""
        self.offset = offset
        """Where it began to read, in bytes."""
        self._path = path
        self._agent = agent
        self._tail = LineTail(path, offset)
        self._first = first
        self._stop: Command | None = None
        self._stop_requested = False
        self._pending: list[Command] = []
        self._errors = 0
        self._open_at = -math.inf

    def stop(self, number: int, _: object = None) -> None:
        """Make the next ``take`` return a stop; a signal handler.

        SIGINT is a user's; every other signal means that the machine takes the trainer away.
        """
        self._stop = Command(command="stop", reason="" if number == signal.SIGINT else PREEMPTED)

    def is_stop_requested(self) -> bool:
        """Return whether a stop was requested, even if ``take`` has returned it already."""
        self._pending += self._read()
        return self._stop_requested

    def take(self, wait: float) -> Sequence[Command]:
        """Return new commands; if there are none, wait for them at most ``wait`` seconds."""
        deadline = time.monotonic() + wait
        pending, self._pending = self._pending, []
        while not (taken := pending + self._read()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return taken

    def _pass_on(self) -> None:
        """Send the first rank a stop that only this one may have received, once."""
        if self._stop is not None and not self._stop_requested:
            self._stop_requested = True
            with contextlib.suppress(OSError):
                append(self._path, commands.encode(self._stop))

    def _read(self) -> list[Command]:
        if self._agent not in (None, os.getppid()):
            self.stop(signal.SIGTERM)
        if not self._first:
            self._pass_on()
            return []
        if self._stop is not None:
            self._stop_requested = True
            return [self._stop]
        try:
            # Its size may be a cached one on a network file system, where opening asks the server.
            now = time.monotonic()
            if now < self._open_at and self._path.stat().st_size == self._tail.offset:
                return []
            self._open_at = now + _OPEN_SECONDS
            lines = self._tail.read()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                found.append(commands.decode(line))
            except ValueError as error:
                self._errors += 1
                if self._errors <= MAX_LOGGED_ERRORS:
                    log(f"{self._path.name}: {error}: {line[:80]!r}")
        self.save_requested |= any(command.command == "save" for command in found)
        self._stop_requested |= any(command.command == "stop" for command in found)
        return found
