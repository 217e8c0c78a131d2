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

PATIENCE_SECONDS = 0.5
"""After which the next key goes on: what the last one was for may be gone."""


class KeyAnswered(Message):
    """Goes behind a key, the same way: when it comes to the app, the key has done all it does."""

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
        self._number = 0
        self._late: asyncio.TimerHandle | None = None

    async def take(self, key: Event) -> None:
        """Pass a key on, now or when those before it have been answered."""
        self._waiting.append(key)
        if self._screen is None:
            await self._next()

    async def answered(self, number: int) -> None:
        """Go on, once the screen that the last key brought up can take keys too."""
        if number != self._number:
            return
        if self._late is not None:
            self._late.cancel()
        if self._app.screen_stack and self._app.screen is not self._screen:
            self._screen = self._app.screen
            self._follow(self._screen)
        else:
            await self._next()

    async def _next(self) -> None:
        self._screen = None
        if self._waiting and self._app.screen_stack:
            self._screen = self._app.screen
            widget = self._app.focused or self._screen
            await self._pass_on(self._waiting.popleft())
            self._follow(widget)

    def _follow(self, widget: "Widget") -> None:
        self._number += 1
        self._late = asyncio.get_running_loop().call_later(
            PATIENCE_SECONDS, self._app.post_message, KeyAnswered(self._number)
        )
        widget.post_message(KeyAnswered(self._number))
