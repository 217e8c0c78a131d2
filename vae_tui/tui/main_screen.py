"""The main screen: top line, notice, the visible view, footer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from vae_tui.terminal.capabilities import LEAST_SIZE
from vae_tui.text import SEPARATOR, printable, printable_lines
from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.keys import active_keys
from vae_tui.tui.keys.active_keys import ExplainedKey
from vae_tui.tui.keys.bindings import KEYS, VIEW_KEYS, VIEWS
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.frame.key_bar import KeyBar
from vae_tui.tui.widgets.frame.notice import Notice
from vae_tui.tui.widgets.frame.status import Status
from vae_tui.tui.widgets.frame.tab_bar import TabBar
from vae_tui.tui.widgets.frame.timeline import Timeline, Times
from vae_tui.tui.widgets.lost_resizes import LostResizes
from vae_tui.tui.widgets.panel import FRAMED, LEAST_FRAMED

if TYPE_CHECKING:  # numpy is imported after the first paint
    from textual.binding import ActiveBinding

    from vae_tui.tui.state.scene import Scene
    from vae_tui.tui.views.view import View


class MainScreen(Screen[None], inherit_bindings=False):
    """Draws what the app sets; knows which view is visible and which keys work there.

    Without a screen's own bindings: its tab would move the focus instead of changing the view.
    """

    DEFAULT_CSS = """
    MainScreen { background: $background; overflow: hidden; }
    MainScreen #tabs { height: 1; background: $bar; }
    MainScreen ContentSwitcher { height: 1fr; }
    MainScreen #waiting { color: $quiet; padding: 1 2; }
    MainScreen #too-small {
        display: none; border: round $primary; content-align: center middle; height: 1fr;
    }
    MainScreen.small > *, MainScreen.small > Notice { display: none; }
    MainScreen.small #too-small { display: block; }
    """

    status: var[tuple[Text, ...]] = var(())
    """Parts of the top line, most important first."""
    news: var[tuple[tuple[str, ...], ...]] = var(())
    """Lines that are shown until a key is pressed: warnings, what the user missed."""
    notice: var[tuple[str, ...]] = var(())
    """What the user should know now, and what to do about it: parts of a line."""
    steering: var[Mapping[str, str]] = var({})
    """Footer labels of the steering keys that do something now, by binding id."""
    scene: "var[Scene | None]" = var(None)
    """What the visible view draws from."""
    weights: var[str] = var("")
    """The step and age of the weights that it draws with."""

    @dataclass
    class ViewShown(Message):
        """The user switched to a view."""

        view: "View"

    def __init__(self, name: str, *, unicode: bool) -> None:
        """Show a run that has not been read."""
        super().__init__()
        self.set_reactive(MainScreen.status, (Text(printable(name), "bold"),))
        self.absence = ""
        """What happened while the user was away, which the help keeps."""
        self.link_rate = ""
        """Bytes per second to this terminal in words, which the help shows."""
        self.key_names = {one.id: one.key_display or one.key for one in KEYS if one.id}
        """The displayed keys of the bindings for all views, by their ids."""
        self.unicode = unicode
        self._chosen = 0
        """Number of the view that the user chose last."""

    def compose(self) -> ComposeResult:
        """Yield top line, tabs and timeline, notice, place of the views, footer."""
        status = Status()
        status.set_reactive(Status.parts, self.status)
        yield status
        tabs = TabBar()
        tabs.keys, tabs.titles = tuple(VIEW_KEYS.values()), VIEWS
        with Horizontal(id="tabs"):
            yield tabs
            yield Timeline()
        yield Notice()
        with ContentSwitcher(initial="waiting"):
            yield Static("loading ...", id="waiting")
        yield Static(id="too-small")
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the active bindings and the layout."""
        LostResizes(self)
        self.bindings_updated_signal.subscribe(self, lambda _: self.watch_steering())

    def on_screen_resume(self) -> None:
        """Update the footer when a dialog has closed."""
        self.watch_steering()

    def on_resize(self, event: Resize) -> None:
        """Show only the size that is needed when the terminal is smaller."""
        width, height = event.size
        small = width < LEAST_SIZE[0] or height < LEAST_SIZE[1]
        self.set_class(small, "small")
        self.set_class(width >= LEAST_FRAMED[0] and height >= LEAST_FRAMED[1], FRAMED)
        if small:
            least = f"{LEAST_SIZE[0]}x{LEAST_SIZE[1]}"
            self.query_one("#too-small", Static).update(f"needs {least}, has {width}x{height}")

    # The views

    @property
    def views(self) -> "Sequence[View]":
        """The mounted views, in the order of their keys."""
        views = [view for place in self.query_children(ContentSwitcher) for view in place.children]
        return cast("list[View]", list(takewhile(lambda view: view.is_mounted, views[1:])))

    @property
    def view(self) -> "View | None":
        """The visible view."""
        current = next((place.current for place in self.query_children(ContentSwitcher)), None)
        return next((view for view in self.views if view.id == current), None)

    async def add_views(self, views: "Sequence[View]") -> None:
        """Mount views, hidden, and switch to the one chosen before it was there."""
        for view in views:
            view.display = False  # the switcher hides only what it was composed with
        await self.query_one(ContentSwitcher).mount_all(views)
        self._show_chosen()

    def action_view(self, number: int) -> None:
        """Switch to a view, at once or when it is mounted."""
        self._chosen = number
        self._show_chosen()

    def _show_chosen(self) -> None:
        shown, views = self.view, self.views
        if not views or shown is (view := views[min(self._chosen, len(views) - 1)]):
            return
        if shown is not None:
            self.app.clear_notifications()
            if isinstance(self.app, TerminalApp):
                self.app.hold_picture()
        self.query_one(ContentSwitcher).current = view.id
        self.set_focus(view)  # at once: the next key may already be waiting
        for tabs in self.query(TabBar):  # none when the screen is being removed
            tabs.current = views.index(view)
        self.watch_scene()
        self.post_message(self.ViewShown(view))

    def on_tab_bar_pressed(self, message: TabBar.Pressed) -> None:
        """Switch to the view that was clicked."""
        self.action_view(message.index)

    def action_next_view(self, steps: int) -> None:
        """Switch to the view ``steps`` after this one."""
        self.action_view((self._chosen + steps) % len(VIEWS))

    def action_sample(self) -> None:
        """Draw new samples in the visible view."""
        if view := self.view:
            view.sample()

    def action_help(self) -> None:
        """Explain the view and the keys."""
        view = self.view
        title, text = (view.TITLE, view.explanation) if view else ("vae-tui", "")
        news = "\n".join(filter(None, (SEPARATOR.join(self.notice), self.absence)))
        if self.link_rate:
            title = f"{title} · {self.link_rate} to this terminal"
        self.app.push_screen(HelpDialog(title, text, *self.keys_here(), news=printable_lines(news)))

    def watch_scene(self) -> None:
        """Let the visible view draw from the scene; the hidden ones get it when they are shown."""
        if view := self.view:
            view.scene = self.scene
            self.watch_weights()
        if (scene := self.scene) is not None:
            shown = scene.network.step if scene.is_past and scene.network else None
            for timeline in self.query(Timeline):
                timeline.times = Times(scene.run.past_steps, shown, scene.unicode)

    def watch_weights(self) -> None:
        """Update the captions of the visible view; its pictures are not redrawn."""
        for caption in self.view.query(Caption) if self.view else ():
            caption.weights = self.weights

    # Top line and notice

    def watch_status(self) -> None:
        """Update the top line."""
        for status in self.query(Status):
            status.parts = self.status

    def watch_notice(self) -> None:
        """Update the lines under the tabs."""
        for notice in self.query(Notice):
            notice.lines = tuple(filter(None, (*self.news, self.notice)))

    watch_news = watch_notice

    def bindings_here(self) -> "tuple[list[ActiveBinding], list[ActiveBinding]]":
        """Return the bindings that work now: those of the visible view, and those of all views."""
        return active_keys.bindings_of(self, self.view), active_keys.bindings_of(self, self.app)

    def keys_here(self) -> tuple[list[ExplainedKey], list[ExplainedKey]]:
        """Return what the keys do, for the help: those of the visible view, and of all views."""
        own, everywhere = self.bindings_here()
        return active_keys.explained(self.app, own), active_keys.explained(self.app, everywhere)

    def watch_steering(self) -> None:
        """Update the footer, unless a dialog covers it: actions of this screen do not work then."""
        if not self.is_active:
            return
        own, everywhere = self.bindings_here()
        self.key_names |= active_keys.names(self.app, everywhere)
        hints = active_keys.hints(self.app, own + everywhere, self.steering)
        for bar in self.query(KeyBar):
            bar.hints = hints
        keys = {one.binding.id: one.binding.key for one in everywhere}
        for tabs in self.query(TabBar):
            tabs.keys = tuple(keys.get(name, "") for name in VIEW_KEYS)
