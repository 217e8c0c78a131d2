"""Notifications: one line above the footer, which cannot freeze the app."""

from dataclasses import dataclass

from textual.notifications import Notification

LEAST_SECONDS = 0.1
TOAST_FRAME = 4
"""Columns beside the text."""
TOAST_CSS = """
ToastRack { margin-bottom: 1; overflow: hidden; }
ToastHolder { width: 1fr; }
Toast {
    width: 1fr; max-width: 100%; max-height: 1; margin: 0; padding: 0 1; background: $bar;
    border-left: outer $success;
}
Toast.-warning { border-left: outer $warning; color: $text-warning; }
Toast.-error { border-left: outer $error; color: $text-error; }
"""
"""One line of the screen's width, over the lowest of the view."""


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
