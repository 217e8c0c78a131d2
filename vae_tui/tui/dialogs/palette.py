"""``ctrl+p``: Textual's command palette with what the keys do, safe for keys typed ahead of it."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual import on
from textual.app import SystemCommand
from textual.binding import Binding
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.events import Click, Key
from textual.markup import escape
from textual.widgets import Input, OptionList
from textual.worker import Worker, WorkerState

from vae_tui.tui.dialogs.dialog import ClosesOnce

Source = Callable[[], Iterable[SystemCommand]]


class Commands(Provider):
    """Offers commands; each typed word is part of a command's name or help.

    Titles are plain text: one may contain the name of any folder.
    """

    source: ClassVar[Source]
    """Returns the commands now."""

    @classmethod
    def of(cls, source: Source) -> "type[Commands]":
        """Return a provider of the commands that ``source`` returns at each search."""
        return type("Commands", (cls,), {"source": staticmethod(source)})

    async def discover(self) -> Hits:
        """Yield all commands in the order of their keys."""
        for command in type(self).source():
            yield DiscoveryHit(escape(command.title), command.callback, help=command.help)

    async def search(self, query: str) -> Hits:
        """Yield the commands that contain every word, those with a matching name first."""
        matcher, words = self.matcher(query), query.lower().split()
        for command in type(self).source():
            if all(word in f"{command.title} {command.help}".lower() for word in words):
                score = 1 + matcher.match(command.title)
                name = matcher.highlight(escape(command.title))
                yield Hit(score, name, command.callback, help=command.help)


class Palette(ClosesOnce, CommandPalette):
    """Textual's palette, which loses or misapplies keys that arrive faster than its search.

    Without `ClosesOnce`, ``ctrl+p enter enter enter`` ends the program with a ScreenStackError.
    Without the rest, letters typed before its input has the focus are lost, and enter selects from
    the results of an earlier query.
    """

    DEFAULT_CSS = """
    Palette > Vertical { width: 84; max-width: 96%; margin-top: 2; background: transparent; }
    Palette #--input, Palette #--input.--list-visible {
        border: round $primary; padding: 0 1; background: $surface;
    }
    Palette CommandInput { background: $surface; }
    Palette #--results { padding: 0; }
    Palette CommandList, Palette CommandList:focus {
        border: round $primary; padding: 0 1; background: $surface;
        max-height: 70vh; min-width: 12;
    }
    Palette SearchIcon { display: none; }
    Palette CommandInput { padding-left: 1; }
    """

    BINDINGS = [
        Binding("pagedown", "page('page_down')", show=False, id="palette.down"),
        Binding("pageup", "page('page_up')", show=False, id="palette.up"),
    ]

    def __init__(self, source: Source) -> None:
        """Offer what ``source`` returns at each search."""
        super().__init__(
            [Commands.of(source)],
            placeholder="part of a name, such as: go to map",
        )
        self._waiting: Input.Submitted | None = None
        """Enter, held back until the search for what was typed has ended."""

    def on_key(self, event: Key) -> None:
        """Insert what is typed before the input has the focus."""
        if event.character and event.is_printable and not isinstance(self.focused, Input):
            for line in self.query(Input):
                line.insert_text_at_cursor(event.character)

    def on_click(self, event: Click) -> None:
        """Ignore a click outside of a screen that has shrunk; Textual raises NoWidget."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow what moves in the list once there is one; Textual raises NoMatches before."""
        is_possible = action == "escape" or bool(self.query(CommandList))
        return is_possible and super().check_action(action, parameters)

    def action_page(self, action: str) -> None:
        """Move by a page; Textual raises KeyError for commands that it has not laid out yet."""
        with contextlib.suppress(KeyError):
            getattr(self.query_one(CommandList), f"action_{action}")()

    @on(Input.Submitted)
    def wait_for_search(self, event: Input.Submitted) -> None:
        """Hold enter back while a search is running."""
        if any(worker.node is self and not worker.is_finished for worker in self.workers):
            self._waiting = event
            event.stop().prevent_default()

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def ignore_after_close(self, event: Input.Submitted | OptionList.OptionSelected) -> None:
        """Drop what arrives after a command was chosen: Textual would run it once more."""
        if not self.is_active:
            event.stop().prevent_default()

    def run_worker(self, *args: Any, **settings: Any) -> Worker[Any]:
        """Start a search; one that fails since its list has been removed is no error."""
        return super().run_worker(*args, **settings | {"exit_on_error": False})

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Continue with enter when the search has ended; a cancelled one is replaced by another."""
        if event.worker.error and self.query(CommandList):
            raise event.worker.error
        if event.state == WorkerState.SUCCESS and self._waiting is not None:
            line, self._waiting = self._waiting.input, None
            self.post_message(Input.Submitted(line, line.value))
