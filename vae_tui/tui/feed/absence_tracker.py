"""Reports what a user missed since they last saw a run, and records what is seen now.

Called by the reader's thread, and recorded all the time: the screen may be killed at any moment.
"""

import contextlib
import time
from collections.abc import Callable, Iterator

from vae_tui.run import events
from vae_tui.run.events import Event
from vae_tui.run.files import read_lines
from vae_tui.run.folder import Run
from vae_tui.run.last_seen import LastSeenStore, Seen, while_away
from vae_tui.tui.messages import Post, UserReturned
from vae_tui.tui.state.run_view import RunView

RECORD_SECONDS = 5.0


class AbsenceTracker:
    """Posts once what was missed, and then records what is seen."""

    def __init__(
        self, run: Run, store: LastSeenStore, clock: Callable[[], float] = time.time
    ) -> None:
        self._run = run
        self._store = store
        self._clock = clock
        self._recorded_at = -RECORD_SECONDS
        self._has_reported = False

    def update(self, view: RunView, offset: int, post: Post) -> None:
        """Record the state after ``offset`` bytes of events, at most every five seconds."""
        now = self._clock()
        if 0 <= now - self._recorded_at < RECORD_SECONDS:
            return
        self._recorded_at = now
        best = view.best_test_loss
        seen = Seen(now, view.state(now), view.step, view.epoch, best, offset)
        if not self._has_reported:
            self._has_reported = True
            if before := self._store.load():
                happened = list(_happened(self._run, before.offset, offset))
                if missed := while_away(before, seen, happened):
                    post(UserReturned(missed))
        self._store.keep(seen)


def _happened(run: Run, begin: int, end: int) -> Iterator[Event]:
    """Yield the events between two offsets of the log, without losses."""
    for line in read_lines(run.events, begin, end):
        with contextlib.suppress(ValueError):
            if b'"losses_measured"' not in line[:40] and (event := events.decode(line)):
                yield event
