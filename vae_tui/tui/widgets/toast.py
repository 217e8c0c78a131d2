"""Notifications that cannot freeze the app."""

from dataclasses import dataclass

from textual.notifications import Notification

LEAST_SECONDS = 0.1


@dataclass
class SafeNotification(Notification):
    """A notification whose remaining time is never negative.

    Works around a defect of Textual (seen in 8.2.8): when a screen is pushed or popped, the
    notifications that have not expired are shown there anew, each with a timer for the time left.
    If a notification expires between the two calls, that time is negative, and `Timer` computes its
    next tick in a loop that neither ends nor awaits: the event loop stands still.
    ``test_textuals_timer_still_never_ends_on_a_negative_delay`` fails when this is fixed.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it expires, at least `LEAST_SECONDS`."""
        return max(super().time_left, LEAST_SECONDS)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over; Textual's own would ask `time_left`."""
        return super().time_left <= 0
