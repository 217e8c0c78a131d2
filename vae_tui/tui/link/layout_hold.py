"""Keeps layouts that another one follows at once from the terminal.

The first layout of a view or of a size is a provisional one: its widgets learn their sizes by it,
choose those of their pictures, and ask for the next. Without this the terminal shows each: frames
of half the width, empty or cut, for 0.4 s where other programs are busy.
"""

import asyncio
from typing import Any, Protocol

from textual.screen import Screen

LONGEST_SECONDS = 1.0
"""Then the terminal shows what there is."""
TURNS = 32
"""Turns of the event loop: a message that passes up through all ancestors takes two for each."""


class HoldsPicture(Protocol):
    """What writes to the terminal."""

    def hold(self, seconds: float, /) -> None:
        """Send no cells until `release`, or for so long."""

    def release(self) -> None:
        """Send cells again."""


class LayoutHold:
    """Holds a writer until no further layout is asked for."""

    def __init__(self) -> None:
        self._number = 0
        """Of the newest hold: it alone releases the writer."""
        self._screen: Screen[Any] | None = None
        self._layouts = 0
        """Of that screen, since it was first held."""

    def begin(self, screen: Screen[Any], writer: HoldsPicture) -> None:
        """Hold the writer until the next layout of the screen, and those that follow, are done."""
        if screen is not self._screen and screen.is_running:
            # For good: a screen has subscribed itself too, and can only end both.
            screen.screen_layout_refresh_signal.subscribe(screen, self._count, immediate=True)
            self._screen = screen
        self._number += 1
        writer.hold(LONGEST_SECONDS)
        screen.run_worker(self._release(screen, writer, self._number), exit_on_error=False)

    def _count(self, _: Screen[Any]) -> None:
        self._layouts += 1

    async def _release(self, screen: Screen[Any], writer: HoldsPicture, number: int) -> None:
        before = -1
        while number == self._number and before != self._layouts:
            before = self._layouts
            for _ in range(TURNS):
                await asyncio.sleep(0)
            refreshed = asyncio.Event()
            screen.call_after_refresh(refreshed.set)
            await refreshed.wait()
        if number == self._number:
            writer.release()
