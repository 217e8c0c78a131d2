"""How fast the way to the user's terminal is, and how much may be sent now.

A program sees only that its terminal took the bytes; buffers on the way, of SSH above all, hold
seconds of a slow link. So the terminal is asked where its cursor is, behind what was sent: its
answer tells that all of it has been shown. Of a terminal that never answers, only writes that had
to wait tell something.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from vae_tui.tui.link.write_speed import WriteSpeed

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
KEY_SECONDS = 3.0
"""So long after a key, a silent link is not tried for more: that fills it, and keys would wait."""
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
        self._writes = WriteSpeed(clock)
        self._key_at = -math.inf
        self._tries, self._next_try_at = 0, 0.0
        self.answers = False
        """The terminal answers."""
        self._speed = 0.0
        """Bytes a second that get through, as answers tell."""

    # What the writer tells

    def sent(self, count: int) -> None:
        """Take in that ``count`` bytes are about to be written."""
        now = self._clock()
        self._writes.sent(count)
        if self._sent == self._answered:
            self._flight_at = now
        self._sent += count
        self._recent.append((now, count))

    def waited(self, count: int, seconds: float, *, was_full: bool, is_pressed: bool) -> None:
        """Take in how long the writing of ``count`` bytes took.

        Args:
            count: Bytes.
            seconds: How long.
            was_full: There was hardly any room when it began, or when it ended.
            is_pressed: More is to be sent.
        """
        if not self.answers:
            may_try = is_pressed and self._clock() - self._key_at > KEY_SECONDS
            self._writes.waited(count, seconds, was_full=was_full, may_try=may_try)

    def key_came(self) -> None:
        """Take in that the user pressed a key, and will wait for what it does."""
        self._key_at = self._clock()

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
            self.answers, self._speed = True, 0.0
        seconds = max(now - question.asked_at, 1e-4)
        self._way_seconds = min(self._way_seconds, seconds)
        speed = (question.sent - question.answered) / max(now - question.answered_at, 1e-4)
        self._answered, self._answered_at = question.sent, now
        # What was not pressed was slow because there was no more to send; one slow answer may be
        # a hiccup.
        if speed > self._speed:
            self._speed = speed
        elif question.is_pressed:
            self._speed = max(speed, self._speed / 2)
        self._lately.append(seconds)
        if self._speed * (self._way_seconds + QUEUE_SECONDS) < LEAST_BYTES:
            # The way may have become longer. One late answer says nothing: taken for the way, it
            # would allow a queue as long, which then looks like the way for ever.
            self._way_seconds = min(self._lately)

    # What the writer asks

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

    def allowance(self) -> int:
        """Return how many bytes may go out now."""
        now = self._clock()
        if not self.answers:
            allowance = self._writes.allowance(QUEUE_SECONDS)
            if self._questions and now - self._questions[-1].asked_at < FIRST_SECONDS:
                return max(min(FIRST_BYTES - (self._sent - self._answered), allowance), 0)
            self._answered = self._sent
            return allowance
        if self._questions and now - self._questions[0].asked_at > PATIENCE_SECONDS:
            self._lose_answers(now)
            return self.allowance()
        window = int(self._speed * (self._way_seconds + QUEUE_SECONDS))
        return max(max(window, LEAST_BYTES) - (self._sent - self._answered), 0)

    # What the limiter and the screen ask

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
            self.answers, self._lost = False, 0
            self._writes = WriteSpeed(self._clock)
            self._tries, self._next_try_at = 0, now + TRY_SECONDS
