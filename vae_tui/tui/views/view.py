"""Base class of the views: each draws a scene."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding
from textual.containers import Container
from textual.events import Hide, Paste
from textual.message import Message
from textual.reactive import var

from vae_tui.arrays import Floats
from vae_tui.image_shape import DEFAULT_SHAPE
from vae_tui.tui.keys import active_keys
from vae_tui.tui.keys.bindings import KEYS
from vae_tui.tui.state.scene import Scene


@dataclass(frozen=True, slots=True)
class Export:
    """A file with what a view shows: a picture or a table."""

    name: str
    """File name with suffix."""
    write: Callable[[Path], None]
    """Writes the file; raises UsageError if it cannot be written."""


class View(Container, can_focus=True):
    """One of the views; it gets new scenes only while it is the one shown."""

    SCOPED_CSS = False  # frames depend on the class of the screen
    DEFAULT_CSS = "View { width: 1fr; height: 1fr; }"

    TITLE: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    """Description in the help; ``{id}`` is the key of the binding with this id."""
    LISTS_RUNS: ClassVar[bool] = False
    """Whether the runs of the folder are read while it is shown."""

    @dataclass
    class WalkRequested(Message):
        """Walk from a code (d,)."""

        code: Floats
        origin: str
        """Where the code comes from, in words."""
        dimension: int = -1
        """The dimension to choose there; -1 keeps the one chosen before."""

    @dataclass
    class FileDropped(Message):
        """A file was dropped on the terminal, which pastes its path."""

        text: str

    scene: var[Scene | None] = var(None)

    @property
    def explanation(self) -> str:
        """The description, with the keys that the user has."""
        return re.sub(r"\{([\w.-]+)\}", lambda found: self.key_of(found[1]), self.HELP)

    def key_of(self, id: str) -> str:
        """Return the key of a binding that works here, as it is displayed.

        While the focus is elsewhere, the view's own bindings are not active: then the default key.
        """
        active = active_keys.names(self.app, reversed(self.screen.active_bindings.values()))
        if id in active:
            return active[id]
        known = Binding.make_bindings((*self.BINDINGS, *KEYS))
        return next(active_keys.key_display(self.app, one) for one in known if one.id == id)

    @property
    def image_width(self) -> int:
        """Pixels in a row of the run's images."""
        return (self.scene.run.config.image_shape if self.scene else DEFAULT_SHAPE).width

    def redraw(self) -> None:
        """Draw the scene, if there is one."""
        if self.scene is not None and self.is_mounted:
            self._draw(self.scene)

    watch_scene = redraw

    def _draw(self, scene: Scene) -> None:
        raise NotImplementedError

    def on_hide(self, event: Hide) -> None:
        """Keep the focus when the terminal is too small for a while.

        Textual would remove it and not restore it. A view replaced by another has lost it before.
        """
        event.prevent_default()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Keep all styles: none depends on the focus of a view.

        Textual would compute those of all its widgets again, a quarter of the time of a switch.
        """

    def on_paste(self, event: Paste) -> None:
        """Report a file that was dropped on the terminal."""
        event.stop()
        self.post_message(self.FileDropped(event.text))

    @property
    def can_sample(self) -> bool:
        """Whether the view shows samples of the prior."""
        return type(self).sample is not View.sample

    def sample(self) -> None:
        """Draw new samples from the prior."""

    def export(self) -> Export | None:
        """Return what is shown as a file, drawn when it is written; None while there is nothing.

        It is cheap: the palette calls it to know whether there is anything.
        """
        return None

    def command(self, run: str) -> str | None:
        """Return the shell command that draws what is shown; None if there is none."""
        return None


def waiting(scene: Scene) -> str:
    """Return the text of a view that lacks weights or test images."""
    if scene.network is not None:  # the images are saved before the first weights
        return "no test images that can be read"
    if scene.unreadable:
        return f"{scene.unreadable} cannot be read"
    if scene.run.unread:
        return "reading the run"
    if scene.run.live:
        if scene.run.started is None:
            return "importing torch · first weights follow"
        return "waiting for weights"
    return "no readable weights"
