"""The main screen: top line, notice, the visible view, footer."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult, SystemCommand
from textual.events import Resize
from textual.message import Message
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from vae_tui.terminal.capabilities import LEAST_SIZE
from vae_tui.text import printable
from vae_tui.tui.keys.bindings import STEERING, footer_rank, steering_labels
from vae_tui.tui.state.notice import notice_of
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.key_bar import KeyBar, KeyHint
from vae_tui.tui.widgets.status import Status, status_of

if TYPE_CHECKING:  # numpy is imported after the first paint
    from textual.binding import ActiveBinding

    from vae_tui.tui.state.run_view import RunView
    from vae_tui.tui.state.scene import Scene
    from vae_tui.tui.views.view import View


class MainScreen(Screen[None], inherit_bindings=False):
    """Draws what the app sets; knows which view is visible and which keys work there.

    Without a screen's own bindings: its tab would move the focus instead of changing the view.
    """

    DEFAULT_CSS = """
    MainScreen { background: black; overflow: hidden; }
    MainScreen ContentSwitcher { height: 1fr; }
    MainScreen #notice { display: none; padding: 0 1; color: $text-warning; max-height: 4; }
    MainScreen #notice.shown { display: block; }
    MainScreen #waiting { color: $text-muted; padding: 1 2; }
    MainScreen #too-small {
        display: none; border: round $primary; content-align: center middle; height: 1fr;
    }
    MainScreen.small ContentSwitcher, MainScreen.small KeyBar, MainScreen.small Status {
        display: none;
    }
    MainScreen.small #notice { display: none; }
    MainScreen.small #too-small { display: block; }
    """

    status: var[tuple[Text, ...]] = var(())
    """Parts of the top line, most important first."""
    news: var[str] = var("")
    """What happened while the user was away."""
    notice: var[str] = var("")
    """What the user should know now, and what to do about it."""
    steering: var[Mapping[str, str]] = var({})
    """Footer labels of the steering keys that do something now, by binding id."""
    scene: "var[Scene | None]" = var(None)
    """What the visible view draws from."""
    weights: var[str] = var("")
    """The step and age of the weights that it draws with."""

    class ViewShown(Message):
        """The user switched to a view."""

        def __init__(self, view: "View") -> None:
            super().__init__()
            self.view = view

    def __init__(self, status: tuple[Text, ...]) -> None:
        """Show ``status`` until the views are there."""
        super().__init__()
        self.set_reactive(MainScreen.status, status)

    def compose(self) -> ComposeResult:
        """Yield top line, notice, place of the views, footer."""
        status = Status()
        status.set_reactive(Status.parts, self.status)
        yield status
        yield Static(id="notice", markup=False)
        with ContentSwitcher(initial="waiting"):
            yield Static("loading ...", id="waiting")
        yield Static(id="too-small")
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the active bindings."""
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())

    def on_resize(self, event: Resize) -> None:
        """Show only the size that is needed when the terminal is smaller."""
        width, height = event.size
        small = width < LEAST_SIZE[0] or height < LEAST_SIZE[1]
        self.set_class(small, "small")
        if small:
            least = f"{LEAST_SIZE[0]}x{LEAST_SIZE[1]}"
            self.query_one("#too-small", Static).update(f"needs {least}, has {width}x{height}")

    # The views

    @property
    def views(self) -> "Sequence[View]":
        """The views in the order of their keys; empty until all are mounted."""
        switchers = self.query(ContentSwitcher)  # none while the screen is being removed
        children = [child for switcher in switchers for child in switcher.children]
        views = [child for child in children if child.id != "waiting"]
        return views if all(view.is_mounted for view in views) else []  # type: ignore[return-value]

    @property
    def view(self) -> "View | None":
        """The visible view."""
        current = next((switcher.current for switcher in self.query(ContentSwitcher)), None)
        return next((view for view in self.views if view.id == current), None)

    async def add_views(self, views: "Sequence[View]") -> None:
        """Mount the views, hidden."""
        for view in views:
            view.display = False  # the switcher hides only what it was composed with
        await self.query_one(ContentSwitcher).mount_all(views)

    def action_view(self, number: int) -> None:
        """Switch to a view; does nothing until the views are mounted."""
        if 0 <= number < len(self.views):
            view = self.views[number]
            self.query_one(ContentSwitcher).current = view.id
            self.set_focus(view)  # at once: the next key may already be waiting
            self.watch_scene()
            self.post_message(self.ViewShown(view))

    def action_next_view(self, steps: int) -> None:
        """Switch to the view ``steps`` after this one."""
        views = list(self.views)
        if self.view in views:
            self.action_view((views.index(self.view) + steps) % len(views))

    def action_sample(self) -> None:
        """Draw new samples in the visible view."""
        if view := self.view:
            view.sample()

    def watch_scene(self) -> None:
        """Let the visible view draw from the scene; the hidden ones get it when they are shown."""
        if view := self.view:
            view.scene = self.scene
            self.watch_weights()

    def watch_weights(self) -> None:
        """Update the captions of the visible view; its pictures are not redrawn."""
        for caption in self.view.query(Caption) if self.view else ():
            caption.weights = self.weights

    # Top line and notice

    def show_status(
        self,
        run: "RunView",
        now: float,
        *,
        reference: str,
        has_control: bool,
        link: str,
        link_is_slow: bool,
        unicode: bool,
    ) -> None:
        """Show the run's state everywhere: in the top line, the notice and the footer.

        Args:
            run: What is known of the run.
            now: Unix seconds.
            reference: The run's name or path, as a command line takes it.
            has_control: Whether this screen may send commands to the trainer.
            link: Rate of the terminal's link, in words.
            link_is_slow: Whether the link limits the screen.
            unicode: Whether the terminal shows more than ASCII.
        """
        state, can_undo = run.state(now), bool(run.changes)
        self.steering = steering_labels(state, has_control=has_control, can_undo=can_undo)
        self.notice = notice_of(run, state, now, run=reference, control=has_control)
        mode = "" if has_control else "read only"
        self.status = status_of(
            run, now, mode, link=link, link_is_slow=link_is_slow, unicode=unicode
        )

    def watch_status(self) -> None:
        """Update the top line."""
        for status in self.query(Status):
            status.parts = self.status

    def watch_news(self) -> None:
        """Update the lines under the top line."""
        self.watch_notice()

    def watch_notice(self) -> None:
        """Update the lines under the top line; hide them if there are none."""
        text = "\n".join(printable(line) for line in (self.news, self.notice) if line)
        for notice in self.query("#notice").results(Static):
            notice.update(text)
            notice.set_class(bool(text), "shown")

    # Keys

    def bindings_here(self) -> "tuple[list[ActiveBinding], list[ActiveBinding]]":
        """Return the bindings that work now: those of the visible view, and those of all views."""
        active = list(self.active_bindings.values())
        own = [found for found in active if found.node is self.view]
        everywhere = [found for found in active if found.node is self.app]
        return _without_aliases(own), _without_aliases(everywhere)

    def keys_here(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return keys and what they do, for the help: of the visible view, and of all views."""
        own, everywhere = (
            [(self._key(found), found.tooltip) for found in bindings if found.tooltip]
            for bindings in self.bindings_here()
        )
        return own, everywhere

    def commands_here(self) -> Iterator[SystemCommand]:
        """Yield what the keys do now, for the palette."""
        for bindings in self.bindings_here():
            for found in bindings:
                label, action = found.binding.description, found.binding.action
                if label and found.tooltip and action != "command_palette":
                    run = partial(self.app.run_action, action, found.node)
                    yield SystemCommand(label, found.tooltip, run)

    def watch_steering(self) -> None:
        """Update the footer."""
        self._show_keys()

    def _show_keys(self) -> None:
        own, everywhere = self.bindings_here()
        found = own + everywhere
        digits_are_free = any(one.binding.id == "app.view1" for one in found)
        hints = [
            KeyHint(
                self._key(one),
                self.steering.get(one.binding.id or "", one.binding.description),
                one.binding.key,
                footer_rank(one.binding.id or ""),
            )
            for one in found
            if one.binding.show and one.binding.description
            if one.binding.id not in STEERING or one.binding.id in self.steering
            if one.binding.id != "app.next-view" or not digits_are_free
        ]
        for bar in self.query(KeyBar):
            bar.hints = tuple(hints)

    def _key(self, found: "ActiveBinding") -> str:
        return found.binding.key_display or self.app.get_key_display(found.binding)


def _without_aliases(bindings: "list[ActiveBinding]") -> "list[ActiveBinding]":
    """Return the first of those with the same id: a binding of two keys is listed for each."""
    return list({found.binding.id: found for found in reversed(bindings)}.values())[::-1]
