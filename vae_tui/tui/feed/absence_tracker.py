"""A visit to a run: what was missed since the last one, and a note of what is seen now.

Called by the reader's thread; the note is renewed all the time, since a screen may die any moment.
"""

import contextlib
import time
from collections.abc import Callable, Iterator

from textual.message import Message

from vae_tui.run import events
from vae_tui.run.events import Event
from vae_tui.run.files import LineTail
from vae_tui.run.folder import Run
from vae_tui.run.last_seen import LastSeenStore, Seen
from vae_tui.run.while_away import while_away
from vae_tui.tui.messages import UserReturned
from vae_tui.tui.state.run_view import RunView

KEEP_SECONDS = 5.0


class AbsenceTracker:
    """Tells once what was missed, and keeps what is seen."""

    def __init__(
        self, run: Run, record: LastSeenStore, clock: Callable[[], float] = time.time
    ) -> None:
        self._run = run
        self._record = record
        self._clock = clock
        self._kept_at = -KEEP_SECONDS
        self._has_begun = False

    def look(self, view: RunView, offset: int, post: Callable[[Message], object]) -> None:
        """See the run as it is, ``offset`` bytes of its events having been read."""
        now = self._clock()
        if 0 <= now - self._kept_at < KEEP_SECONDS:
            return
        self._kept_at = now
        best = view.best_test_loss
        seen = Seen(now, view.state(now), view.step, view.epoch, best, offset)
        if not self._has_begun:
            self._has_begun = True
            if before := self._record.load():
                happened = list(_happened(self._run, before.offset, offset))
                if missed := while_away(before, seen, happened):
                    post(UserReturned(missed))
        self._record.keep(seen)


def _happened(run: Run, begin: int, end: int) -> Iterator[Event]:
    """Yield the events between two places of the log, losses left out."""
    tail = LineTail(run.events, begin)
    before = -1
    while before != tail.offset < end:
        before = tail.offset
        for line in tail.read():
            with contextlib.suppress(ValueError):
                if b'"losses_measured"' not in line[:40] and (event := events.decode(line)):
                    yield event
