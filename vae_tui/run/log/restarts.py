"""The restarts of a log: a first reading finds them, a second one leaves out what they void.

So a long log need not be held in memory.
"""

import contextlib
from collections.abc import Iterable, Iterator

from vae_tui.run.events import RunStarted, decode
from vae_tui.run.progress import is_void


class Restarts:
    """The restarts among the ``lines`` of a log, each with the number of its line."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        # The one of the lowest step voids most: earlier ones of higher steps are covered by it.
        self._voiding: list[tuple[int, RunStarted]] = []
        for number, restart in reversed(list(_numbered(lines))):
            if not self._voiding or restart.step < self._voiding[-1][1].step:
                self._voiding.append((number, restart))

    def is_void(self, number: int, step: int) -> bool:
        """Return whether the line ``number``, an event of ``step``, is void; numbers ascend."""
        while self._voiding and self._voiding[-1][0] <= number:
            self._voiding.pop()
        return bool(self._voiding) and is_void(step, self._voiding[-1][1])


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, RunStarted]]:
    for number, line in enumerate(lines):
        with contextlib.suppress(ValueError):  # a torn or foreign line
            if b'"run_started"' in line and isinstance(event := decode(line), RunStarted):
                yield number, event
