"""An event loop that says when it has nothing to do, and a pilot that waits for that.

Textual's own pilot waits after each key until the process has used little CPU time for 20 ms,
three times over: about 60 ms, and on a busy machine before the app has had its turn.
"""

import asyncio
import selectors
import unicodedata
from typing import Any

from textual.events import Key
from textual.keys import KEY_NAME_REPLACEMENTS, KEY_TO_UNICODE_NAME, REPLACED_KEYS
from textual.pilot import Pilot

SOON_SECONDS = 1 / 30
"""The loop is busy while a timer is due sooner: Textual refreshes a screen after 1/60 s."""
LONGEST_SECONDS = 1.0
"""A screen that never comes to rest, such as one that plays, is waited for no longer."""


class IdleSelector(selectors.DefaultSelector):
    """Completes futures when the loop is about to wait with no callback ready."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[None]] = []

    def select(self, timeout: float | None = None) -> list[Any]:
        if self.waiting and (timeout is None or timeout > SOON_SECONDS):
            waiting, self.waiting = self.waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            timeout = 0
        return super().select(timeout)


class IdleLoop(asyncio.SelectorEventLoop):
    """An event loop that reports when no callback is ready and no timer is due soon."""

    def __init__(self) -> None:
        self._when_idle = IdleSelector()
        super().__init__(self._when_idle)

    async def until_idle(self) -> None:
        """Return when the loop has nothing to do, or after `LONGEST_SECONDS`."""
        idle = self.create_future()
        self._when_idle.waiting.append(idle)
        await asyncio.wait([idle], timeout=LONGEST_SECONDS)


class QuickPilot(Pilot[Any]):
    """A pilot that goes on as soon as the app has done all it had to do."""

    async def press(self, *keys: str) -> None:
        for key in keys:
            event = key_event(key)
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.pause()

    async def pause(self, delay: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        if delay is None and isinstance(loop, IdleLoop):
            await loop.until_idle()
        else:
            await super().pause(delay)


def key_event(key: str) -> Key:
    """Return the event of a key, given by its name or as its character."""
    name = key
    if len(key) == 1 and not key.isalnum():
        name = unicodedata.name(key).lower().replace("-", "_").replace(" ", "_")
        name = KEY_NAME_REPLACEMENTS.get(name, name)
    original = REPLACED_KEYS.get(name, name)
    try:
        return Key(name, unicodedata.lookup(KEY_TO_UNICODE_NAME.get(original, original)))
    except KeyError:
        return Key(name, key if len(key) == 1 else None)
