"""Handles keys strictly one after another.

Textual passes a key to the focused widget at once, but runs a binding's action only when the key
has bubbled up to the app. Letters that arrive together with tab, backspace or a key that opens a
dialog would overtake its effect. Here the next key is passed on when the last one has taken effect.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.events import Event, Key, Paste
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

LONGEST_QUEUE = 16
"""With more keys waiting, they are passed on at once: nobody types that fast."""
TIMEOUT_SECONDS = 0.2
"""When a probe does not return by then, its widget is taken to be gone."""


@dataclass
class KeyProbe(Message):
    """Bubbles up to the app behind a key: when it arrives, the key has been handled."""

    number: int
    """Identifies the newest probe; earlier ones are ignored."""


class KeyQueue:
    """Passes on keys and pastes, one at a time, with ``pass_on``.

    The app hands each `KeyProbe` that arrives to `probe_arrived`.
    """

    def __init__(self, app: "App[Any]", pass_on: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._pass_on = pass_on
        self._waiting: deque[Event] = deque()
        self._screen: Screen[Any] | None = None
        """The screen that the key in progress is for; None while there is no such key."""
        self._to_probe: list[Widget] = []
        """Where the next probe starts, after the one under way."""
        self._number = 0
        self._timeout: asyncio.TimerHandle | None = None

    async def handle(self, event: Event) -> None:
        """Queue keys and pastes; pass on any other event at once."""
        if not isinstance(event, Key | Paste):
            await self._pass_on(event)
        elif not event.is_forwarded:
            await self._put(event)
        elif self._top():  # else an unused key bubbled up after all screens were removed
            await self._pass_on(event)

    async def probe_arrived(self, number: int) -> None:
        """Pass on the next key, once a screen that the last one opened can take keys too."""
        if number != self._number:
            return
        if self._timeout is not None:
            self._timeout.cancel()
        if (top := self._top()) is not None and top is not self._screen:
            self._screen = top
            self._probe_twice(top)
        elif self._to_probe:
            self._probe(self._to_probe.pop())
        else:
            await self._next()

    async def _put(self, key: Event) -> None:
        self._waiting.append(key)
        if self._screen is None:
            await self._next()
        elif len(self._waiting) > LONGEST_QUEUE:
            while self._waiting and self._top() is not None:
                await self._pass_on(self._waiting.popleft())

    async def _next(self) -> None:
        self._screen = self._top() if self._waiting else None
        if self._screen is None:
            return
        widget = self._app.focused or self._screen
        await self._pass_on(self._waiting.popleft())
        # A priority binding may already have closed the dialog.
        is_open = self._top() is self._screen
        self._probe_twice(widget if is_open else self._top() or widget)

    def _top(self) -> "Screen[Any] | None":
        """Return the screen that takes keys; None when all have been removed."""
        stack = self._app.screen_stack
        return stack[-1] if stack else None

    def _probe_twice(self, widget: "Widget") -> None:
        """Follow the key, and then the messages that it caused."""
        self._to_probe = [widget]
        self._probe(widget)

    def _probe(self, widget: "Widget") -> None:
        self._number += 1
        self._timeout = asyncio.get_running_loop().call_later(
            TIMEOUT_SECONDS, self._app.post_message, KeyProbe(self._number)
        )
        widget.post_message(KeyProbe(self._number))
