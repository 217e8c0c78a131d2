"""What a log adds up to, read without decoding most of its lines.

A long run has gigabytes of losses, measurements of the machine and saves. Of each of these kinds
only the newest counts, unless an event other than a test comes after it.
"""

import contextlib
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from vae_tui.run import events
from vae_tui.run.files import LineTail, signature
from vae_tui.run.progress import Progress, advance

_LOSSES, _MACHINE = b'\n{"event":"losses_measured"', b'\n{"event":"machine_measured"'
_RARE = re.compile(rb'\n(?!\{"event":"(?:losses_measured|machine_measured|weights_saved)")')
"""The end of a line before one of another kind, or in another spelling."""
_TEST = b'{"event":"epoch_ended"'
_HEAD_SHARE, _TAIL_SHARE = 1 / 64, 1 / 16
"""What is read of a log that is too long, as shares of what would not be too long."""


class LogProgress:
    """Follows one run's log; each reading costs only the lines that are new.

    ``begin`` is the progress before the first event. Of a log with more than ``most`` bytes only
    the beginning and the end are read.
    """

    def __init__(self, log: Path, begin: Progress, most: float = math.inf) -> None:
        self.skipped_bytes = 0
        """Between them, not read."""
        self._most = most
        self._log = log
        self._begin = begin
        self._tail = LineTail(log)
        self._restarts = 0
        self._seen: tuple[int, int, int] | None = None
        self.progress = begin

    def read(self) -> Progress:
        """Return the progress now, or raise OSError; a replaced log is read from its beginning."""
        seen = signature(self._log)
        if seen is not None and seen == self._seen:
            return self.progress
        before = -1
        while self._tail.offset != before:
            before = self._tail.offset
            block = self._tail.read_block()
            if self._tail.restarts != self._restarts:
                self._restarts, self.skipped_bytes = self._tail.restarts, 0
                self.progress = self._begin
            self.progress = advance(self.progress, *_events(lines_that_count(block)))
            self._skip_middle()
        self._seen = seen
        return self.progress

    def _skip_middle(self) -> None:
        unread = self._tail.size - self._tail.offset
        if self._tail.offset >= self._most * _HEAD_SHARE and unread > self._most:
            kept = int(self._most * _TAIL_SHARE)
            self.skipped_bytes += unread - kept
            self._tail, self._restarts = LineTail(self._log, self._tail.size - kept), 0


def lines_that_count(block: bytes) -> Iterator[bytes]:
    """Yield those of a block's complete lines that change what the log adds up to, in order."""
    text = b"\n" + block
    begin, tests = 1, dict[int, bytes]()
    for before in _RARE.finditer(text, 0, len(text) - 1):
        end = text.index(b"\n", before.end())
        line = text[before.end() : end]
        if line.startswith(_TEST):
            tests[before.end()] = line
            continue
        yield from _frequent(text, begin, before.end(), tests)
        yield line
        begin, tests = end + 1, {}
    yield from _frequent(text, begin, len(text), tests)


def _frequent(text: bytes, begin: int, end: int, tests: dict[int, bytes]) -> Iterator[bytes]:
    """Yield the ``tests`` between two places, and the newest of the other lines of each kind.

    And the first losses: they end a pause. Of a save only its time counts: it is left out unless
    it is the last line.
    """
    lines = dict(tests)
    found = [text.rfind(kind, begin - 1, end - 1) for kind in (_LOSSES, _MACHINE, b"\n")]
    for place in (text.find(_LOSSES, begin - 1, end - 1) + 1, *(one + 1 for one in found)):
        if place:
            lines[place] = text[place : text.index(b"\n", place)]
    for _, line in sorted(lines.items()):
        yield line


def _events(lines: Iterable[bytes]) -> Iterator[events.Event]:
    for line in lines:
        with contextlib.suppress(ValueError):  # torn or foreign; the other lines count
            if (event := events.decode(line)) is not None:
                yield event
