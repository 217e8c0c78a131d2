"""Base class of the views: each draws a scene."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.containers import Container
from textual.events import Hide
from textual.message import Message
from textual.reactive import var

from vae_tui.arrays import Floats
from vae_tui.image_shape import DEFAULT_SHAPE
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
    """Description in the help."""
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

    scene: var[Scene | None] = var(None)

    @property
    def image_width(self) -> int:
        """Pixels in a row of the run's images."""
        return (self.scene.run.config.image_shape if self.scene else DEFAULT_SHAPE).width

    def redraw(self) -> None:
        """Draw the scene, if there is one and the widgets are not being removed."""
        if self.scene is not None and self.is_mounted and self.app.is_running:
            self._draw(self.scene)

    watch_scene = redraw

    def _draw(self, scene: Scene) -> None:
        raise NotImplementedError

    def on_hide(self, event: Hide) -> None:
        """Keep the focus when the terminal is too small for a while.

        Textual would remove it and not restore it. A view replaced by another has lost it before.
        """
        event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow no key while the widgets are removed."""
        return self.app.is_running and super().check_action(action, parameters)

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
    if scene.run.live:
        if scene.run.started is None:
            return "importing torch · first weights follow"
        return "waiting for the first weights"
    return "no weights that can be read"
