"""The screen of one run: top line, notice, the views, the keys."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Resize
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from vae_tui.terminal.capabilities import LEAST_SIZE
from vae_tui.text import printable
from vae_tui.tui.keys.steering_keys import STEERING
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.key_bar import KeyBar, KeyHint
from vae_tui.tui.widgets.status import Status

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.state.scene import Scene
    from vae_tui.tui.views.view import View

ALWAYS = ("app.view1", "app.next-view", "app.help", "app.leave")
FIRST_TO_GO = ("app.copy", "app.export", "app.undo", "app.back", "app.controls")
"""The keys that give way where the bottom line is short, the first of them first."""


class MainScreen(Screen[None], inherit_bindings=False):
    """Shows what it is told; the app does the rest.

    A screen's own bindings would take tab, which moves the focus, away from the app.
    """

    DEFAULT_CSS = """
    MainScreen { background: black; overflow: hidden; }
    MainScreen ContentSwitcher { height: 1fr; }
    MainScreen #notice { display: none; padding: 0 1; color: $text-warning; max-height: 4; }
    MainScreen #notice.told { display: block; }
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

    steering: var[Mapping[str, str]] = var({})
    """What the keys that steer are called, those of them that work here and now."""

    weights: var[str] = var("")
    """The step and age of the weights that the visible view draws with."""

    def __init__(self, status: tuple[Text, ...]) -> None:
        """Show ``status`` until there is more to say."""
        super().__init__()
        self._first_status = status
        self._notice = ""

    def compose(self) -> ComposeResult:
        """Top line, notice, views, keys."""
        status = Status()
        status.set_reactive(Status.parts, self._first_status)
        yield status
        yield Static(id="notice", markup=False)
        with ContentSwitcher(initial="waiting"):
            yield Static("loading ...", id="waiting")
        yield Static(id="too-small")
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.watch(self, "steering", lambda _: self._show_keys(), init=False)
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())

    def on_resize(self, event: Resize) -> None:
        """Say so when there is too little room."""
        width, height = event.size
        small = width < LEAST_SIZE[0] or height < LEAST_SIZE[1]
        self.set_class(small, "small")
        if small:
            least = f"{LEAST_SIZE[0]}x{LEAST_SIZE[1]}"
            self.query_one("#too-small", Static).update(f"needs {least}, has {width}x{height}")

    @property
    def views(self) -> "Sequence[View]":
        """The views, in the order of their keys; none before they are put up."""
        switchers = self.query(ContentSwitcher)  # none any more while the screen is taken down
        children = [child for switcher in switchers for child in switcher.children]
        views = [child for child in children if child.id != "waiting"]
        return views if all(view.is_mounted for view in views) else []  # type: ignore[return-value]

    @property
    def view(self) -> "View | None":
        """The view that is up."""
        current = next((switcher.current for switcher in self.query(ContentSwitcher)), None)
        return next((view for view in self.views if view.id == current), None)

    async def put_up(self, views: "Sequence[View]") -> None:
        """Take the views in."""
        for view in views:
            view.display = False  # the switcher hides only what it was composed with
        await self.query_one(ContentSwitcher).mount_all(views)

    def bring_up(self, view: "View", scene: "Scene | None") -> None:
        """Show one view."""
        self.query_one(ContentSwitcher).current = view.id
        self.set_focus(view)  # at once: the next key may be on its way
        view.scene = scene
        self.watch_weights()

    def watch_weights(self) -> None:
        """Update the captions of the visible view; nothing else is redrawn."""
        for caption in self.view.query(Caption) if self.view else ():
            caption.weights = self.weights

    def show_notice(self, *lines: str) -> None:
        """Write lines under the top line, or take them away."""
        text = "\n".join(printable(line) for line in lines if line)
        if text != self._notice:
            self._notice = text
            notice = self.query_one("#notice", Static)
            notice.update(text)
            notice.set_class(bool(text), "told")

    def bindings_here(self) -> tuple[list[Binding], list[Binding]]:
        """Return the bindings that work here: the view's own, and those of all views."""
        view, app = self.view, self.app
        active = self.active_bindings.values()
        own = [found.binding for found in active if found.node is view]
        everywhere = [found.binding for found in active if found.node is app]
        return _each_once(own), _each_once(everywhere)

    def keys_here(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Return keys and what they do: the view's own, and those of all views."""
        own, everywhere = (
            [
                (binding.key_display or self.app.get_key_display(binding), binding.tooltip)
                for binding in bindings
                if binding.tooltip
            ]
            for bindings in self.bindings_here()
        )
        return own, everywhere

    def _show_keys(self) -> None:
        own, everywhere = self.bindings_here()
        found = own + everywhere
        digits_are_taken = not any(binding.id == "app.view1" for binding in found)
        self.query_one(KeyBar).hints = tuple(
            KeyHint(
                binding.key_display or self.app.get_key_display(binding),
                self.steering.get(binding.id or "", binding.description),
                binding.key,
                _rank(binding.id or ""),
            )
            for binding in found
            if binding.show and binding.description
            if binding.id not in STEERING or binding.id in self.steering
            if binding.id != "app.next-view" or digits_are_taken
        )


def _each_once(bindings: list[Binding]) -> list[Binding]:
    """Return the first of each: a binding of several keys comes once for each key."""
    return list({binding.id: binding for binding in reversed(bindings)}.values())[::-1]


def _rank(binding_id: str) -> int:
    if binding_id in ALWAYS:
        return 0
    if binding_id in FIRST_TO_GO:
        return 2 + len(FIRST_TO_GO) - FIRST_TO_GO.index(binding_id)
    return 2 if binding_id.startswith("app.") else 1
