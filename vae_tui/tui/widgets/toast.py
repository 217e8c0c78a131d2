"""Messages in the corner, whose time is never over before they are up."""

from dataclasses import dataclass

from textual.notifications import Notification

LEAST_SECONDS = 0.1


@dataclass
class Toasted(Notification):
    """A message that may be put up once more just as its time ends, with a dialog for instance.

    Textual then starts a timer of less than no time, which never ends and never waits: the screen
    would stand still for ever.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it goes away, for a timer."""
        return max(super().time_left, LEAST_SECONDS)

    @property
    def has_expired(self) -> bool:
        """Its time is over."""
        return super().time_left <= 0
