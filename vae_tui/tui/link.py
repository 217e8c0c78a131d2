"""How fast the way to the user's terminal is, and how much may be sent now.

A program sees only that its terminal took the bytes; buffers on the way, of SSH above all, hold
seconds of a slow link. So the terminal is asked where its cursor is, behind what was sent: its
answer tells that all of it has been shown. Of a terminal that never answers, only writes that had
to wait tell something.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

QUEUE_SECONDS = 0.12
"""So long may what is on the way take, beyond the way itself: what a key waits for at most."""
FIRST_BYTES, FIRST_SECONDS = 32_000, 1.0
"""So much may go out while the terminal has not answered yet; then it is taken for silent."""
LEAST_BYTES = 1024
TRIES, TRY_SECONDS = 3, 10.0
"""How often, and how far apart, a terminal that has not answered yet is asked."""
PATIENCE_SECONDS = 3.0
"""After which an answer is taken for lost."""
MOST_LOST = 2
"""So many in a row, and the terminal is taken for silent: something else had answered for it."""
ASK_BYTES = 256
"""A question costs four bytes and an answer eight: less than this is not asked after."""
BUFFER_BYTES = 15_000
"""What a pseudo-terminal holds on Linux: full when a write had to wait."""
WAITED_SECONDS = 0.05
"""A write that took so long had to wait, if there can have been too much for the buffer."""
UNKNOWN_SECONDS = 2.0
"""Before the speed is known, what was sent in so long is thought to be in the buffer still."""
LEAST_SPEED = 1000.0
"""Bytes a second: what was slower had stopped for a moment, it is not slow."""
PROBE_SECONDS, MOST_PROBE_SECONDS = 1.0, 60.0
"""Without answers: how soon more is sent than can fit if the speed is right, to see whether it is.

A probe that was right is the longer until the next: on a slow link each of them fills the buffer.
"""
MARGIN_SECONDS = 0.25
FASTER = 2.0
"""A probe that did not have to wait: the link is taken for so much faster."""
RATE_SECONDS = 4.0
"""What `bytes_per_second` is a mean of."""


@dataclass(frozen=True, slots=True)
class _Question:
    """Where the terminal's next answer belongs."""

    sent: int
    """Bytes up to it, of all."""
    asked_at: float
    answered: int
    """Bytes known to be shown when it was asked, and since when."""
    answered_at: float
    is_pressed: bool
    """More was to be sent than was allowed: the answer tells the speed."""


class Link:
    """Counts what goes out; thread-safe as far as its one writer's lock goes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent = 0
        self._answered, self._answered_at = 0, clock()
        self._flight_at = clock()
        self._questions: deque[_Question] = deque()
        self._recent: deque[tuple[float, int]] = deque()
        self._way_seconds = PATIENCE_SECONDS
        self._lately: deque[float] = deque(maxlen=10)
        self._lost = 0
        self._backlog, self._backlog_at = 0.0, 0.0
        self._probe_seconds, self._probed_at = PROBE_SECONDS, 0.0
        self._tries, self._next_try_at = 0, 0.0
        self.answers = False
        """The terminal answers."""
        self.speed: float | None = None
        """Bytes a second that get through, once something has been learnt of it."""

    # What the outlet tells

    def sent(self, count: int) -> None:
        """Take in that ``count`` bytes are about to be written."""
        now = self._clock()
        self._backlog, self._backlog_at = self._pending(now) + count, now
        if self._sent == self._answered:
            self._flight_at = now
        self._sent += count
        self._recent.append((now, count))

    def waited(self, count: int, seconds: float) -> None:
        """Take in how long the writing of ``count`` bytes took."""
        if self.answers:
            return
        now = self._clock()
        if seconds > WAITED_SECONDS and (through := self._through(count)) > 0:
            speed = max(through / seconds, LEAST_SPEED)
            if self.speed is None or speed < self.speed / FASTER**2:
                self._probe_seconds = PROBE_SECONDS
            else:
                self._probe_seconds = min(2 * self._probe_seconds, MOST_PROBE_SECONDS)
            self.speed = speed
        elif self.speed is not None and self._pending(now) > BUFFER_BYTES + self._margin / 2:
            self.speed *= FASTER
        else:
            return
        self._probed_at = now
        self._backlog, self._backlog_at = float(BUFFER_BYTES), now

    def asked(self, *, is_pressed: bool = False) -> None:
        """Take in that the terminal was asked, behind all that was sent."""
        now = self._clock()
        if not self.answers:
            self._tries += 1
            self._next_try_at = now + TRY_SECONDS
        # Not since now: what was sent long before its question would seem to have come at once.
        since = max(self._answered_at, self._flight_at)
        self._questions.append(_Question(self._sent, now, self._answered, since, is_pressed))

    def answered(self) -> None:
        """Take in an answer: what was sent before its question has been shown."""
        if not self._questions:
            return
        now, question = self._clock(), self._questions.popleft()
        self._lost = 0
        if not self.answers:
            self.answers, self.speed = True, None
        seconds = max(now - question.asked_at, 1e-4)
        self._way_seconds = min(self._way_seconds, seconds)
        speed = (question.sent - question.answered) / max(now - question.answered_at, 1e-4)
        self._answered, self._answered_at = question.sent, now
        # What was not pressed was slow because there was no more to send; one slow answer may be
        # a hiccup.
        if self.speed is None or speed > self.speed:
            self.speed = speed
        elif question.is_pressed:
            self.speed = max(speed, self.speed / 2)
        self._lately.append(seconds)
        if self.speed * (self._way_seconds + QUEUE_SECONDS) < LEAST_BYTES:
            # The way may have become longer. One late answer says nothing: taken for the way, it
            # would allow a queue as long, which then looks like the way for ever.
            self._way_seconds = min(self._lately)

    # What the outlet asks

    def is_to_be_asked(self, coming: int) -> bool:
        """Tell whether to ask behind the next ``coming`` bytes.

        Enough is on the way then, or nothing is known of the terminal yet.
        """
        if not self.answers:
            return self._tries < TRIES and self._clock() >= self._next_try_at
        asked = self._questions[-1].sent if self._questions else self._answered
        return self._sent + coming - asked >= ASK_BYTES

    @property
    def is_stuck(self) -> bool:
        """Nothing may go out, and no answer will come unless one is asked for."""
        return self.answers and not self._questions and self.allowance() == 0

    @property
    def awaits_answer(self) -> bool:
        """An answer is on its way, or lost."""
        return self.answers and bool(self._questions)

    def allowance(self) -> int | None:
        """Return how many bytes may go out now; None for as many as there are."""
        now = self._clock()
        if not self.answers:
            if self.speed is None:
                if self._questions and now - self._questions[-1].asked_at < FIRST_SECONDS:
                    return max(FIRST_BYTES - (self._sent - self._answered), 0)
                self._answered = self._sent
                return None
            pending = self._pending(now)
            if now - self._probed_at > self._probe_seconds:
                return max(int(BUFFER_BYTES + self._margin - pending), 0)
            return max(int(self.speed * QUEUE_SECONDS - pending), 0)
        if self._questions and now - self._questions[0].asked_at > PATIENCE_SECONDS:
            self._lose_answers(now)
            return self.allowance()
        window = int((self.speed or 0.0) * (self._way_seconds + QUEUE_SECONDS))
        return max(max(window, LEAST_BYTES) - (self._sent - self._answered), 0)

    # What the governor and the screen ask

    @property
    def bytes_per_second(self) -> float:
        """What went out in the last seconds."""
        since = self._clock() - RATE_SECONDS
        while self._recent and self._recent[0][0] < since:
            self._recent.popleft()
        return sum(count for _, count in tuple(self._recent)) / RATE_SECONDS

    def _lose_answers(self, now: float) -> None:
        self._questions.clear()
        self._answered, self._answered_at = self._sent, now
        self._lost += 1
        if self._lost >= MOST_LOST:
            self.answers, self.speed, self._lost = False, None, 0
            self._tries, self._next_try_at = 0, now + TRY_SECONDS

    def _through(self, count: int) -> float:
        """Return how many of the bytes just written did not fit into the buffer any more.

        Zero or less where all did: then it was not the link that the write waited for.
        """
        before = self._backlog - count
        if self.speed is None:  # nothing is known of what drains
            since = self._clock() - UNKNOWN_SECONDS
            before = sum(size for at, size in self._recent if at > since) - count
        return min(before + count - BUFFER_BYTES, count)

    @property
    def _margin(self) -> float:
        """How many bytes more than fit a probe sends."""
        return max(LEAST_BYTES, MARGIN_SECONDS * (self.speed or 0.0))

    def _pending(self, now: float) -> float:
        """Return what is thought to be on the way, without answers."""
        if self.speed is None:
            return 0.0
        return max(self._backlog - self.speed * (now - self._backlog_at), 0.0)
