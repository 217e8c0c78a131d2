"""Imports and mounts the views: the first one, then the others once its digits are shown."""

import gc
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vae_tui.tui.messages import LateImportsLoaded, MoreViewsLoaded

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.views.view import View

FIRST_DIGITS_SECONDS = 0.5
"""The other views are imported by then, digits or not."""


class ViewLoader:
    """Imports in a thread and mounts in the app's."""

    def __init__(self, app: "VaeApp", load: "Callable[[str | None], LateImports]") -> None:
        """``load`` imports for a colour system of Rich, in a thread."""
        self._app = app
        self._load = load
        self._digits_shown = threading.Event()

    def load(self) -> None:
        """Import, in the caller's thread; post what has been imported."""
        imports = self._load(None if self._app.no_color else self._app.colours)
        self._app.post_message(LateImportsLoaded(imports))
        self._digits_shown.wait(FIRST_DIGITS_SECONDS)
        self._app.post_message(MoreViewsLoaded(imports.more_views()))

    def digits_drawn(self) -> None:
        """Import the other views after the next paint."""
        if not self._digits_shown.is_set():
            self._app.call_after_refresh(self._digits_shown.set)

    async def mount(self, views: "Sequence[type[View]]") -> None:
        """Mount views behind those that are there, hidden."""
        await self._app.main.add_views([view(id=view.__name__.lower()) for view in views])
        if not self._app.is_headless:
            gc.freeze()  # a full pass over modules and widgets would take 50 ms each time
        gc.enable()

    def end(self) -> None:
        """Let the thread return, and the collector free what the app leaves behind."""
        self._digits_shown.set()
        if not self._app.is_headless:
            gc.unfreeze()
