"""Keys one after another: each has done what it does before the next is passed on.

Textual gives a key to the widget in focus at once; what a binding does comes later, when the key
has gone up from there to the app. Letters that arrive together with tab, backspace or a key that
opens a dialog would overtake it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual.events import Event
from textual.message import Message

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

MOST_WAITING = 16
"""More of them are passed on as they come: nobody types so fast, and the screen must keep up."""
PATIENCE_SECONDS = 0.2
"""After which the next key goes on: what the last one was for may be gone."""


class KeyAnswered(Message):
    """Goes behind a key, the same way: when it comes to the app, the key has been there."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        """Of the way; those of earlier ones are late."""


class KeyQueue:
    """Passes keys and pastes on, one at a time.

    Args:
        app: Whose keys they are; it tells of each `KeyAnswered`.
        pass_on: Gives a key to the widget in focus.
    """

    def __init__(self, app: "App[Any]", pass_on: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._pass_on = pass_on
        self._waiting: deque[Event] = deque()
        self._screen: Screen[Any] | None = None
        """Which the key on its way was for; None while there is no such key."""
        self._ways: list[Widget] = []
        """From where to the app there is still to be followed."""
        self._number = 0
        self._late: asyncio.TimerHandle | None = None

    async def take(self, key: Event) -> None:
        """Pass a key on, now or when those before it have been answered."""
        self._waiting.append(key)
        if self._screen is None:
            await self._next()
        elif len(self._waiting) > MOST_WAITING:
            while self._waiting and self._top() is not None:
                await self._pass_on(self._waiting.popleft())

    async def answered(self, number: int) -> None:
        """Go on, once what the last key made can take keys too."""
        if number != self._number:
            return
        if self._late is not None:
            self._late.cancel()
        if (now := self._top()) is not None and now is not self._screen:
            self._screen = now
            self._follow_twice(now)
        elif self._ways:
            self._follow(self._ways.pop())
        else:
            await self._next()

    async def _next(self) -> None:
        self._screen = self._top() if self._waiting else None
        if self._screen is None:
            return
        widget = self._app.focused or self._screen
        await self._pass_on(self._waiting.popleft())
        # Some keys close their dialog before it is given them.
        is_there = self._top() is self._screen
        self._follow_twice(widget if is_there else self._top() or widget)

    def _top(self) -> "Screen[Any] | None":
        """Return the screen that takes keys; None when all have been taken down."""
        stack = self._app.screen_stack
        return stack[-1] if stack else None

    def _follow_twice(self, widget: "Widget") -> None:
        """Go behind the key, and then behind the messages of what it did."""
        self._ways = [widget]
        self._follow(widget)

    def _follow(self, widget: "Widget") -> None:
        self._number += 1
        self._late = asyncio.get_running_loop().call_later(
            PATIENCE_SECONDS, self._app.post_message, KeyAnswered(self._number)
        )
        widget.post_message(KeyAnswered(self._number))
