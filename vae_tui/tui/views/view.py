"""What every view is: a place that is told the scene and draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.containers import Container
from textual.events import Hide
from textual.reactive import var

from vae_tui.image_shape import DEFAULT_SHAPE
from vae_tui.tui.state.scene import Scene


@dataclass(frozen=True, slots=True)
class Export:
    """A file of what a view shows: a picture, or a table."""

    name: str
    """Of the file, with its suffix."""
    write: Callable[[Path], None]
    """Writes the file; UsageError when it cannot be written."""


class View(Container, can_focus=True):
    """One of the views; told the scene only while it is the one on the screen."""

    DEFAULT_CSS = "View { width: 1fr; height: 1fr; }"

    TITLE: ClassVar[str] = ""
    """In the footer, beside its key."""
    HELP: ClassVar[str] = ""
    """What it shows, for the help."""
    LISTS_RUNS: ClassVar[bool] = False
    """Whether the runs of the folder are read while it is up."""

    scene: var[Scene | None] = var(None)

    @property
    def image_width(self) -> int:
        """Pixels in a row of the run's images."""
        return (self.scene.run.config.image_shape if self.scene else DEFAULT_SHAPE).width

    def on_hide(self, event: Hide) -> None:
        """Keep the focus where there is too little room: nothing would give it back.

        A view that another takes the place of has lost it before.
        """
        event.prevent_default()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow no key while the widgets are taken down."""
        return self.app.is_running and super().check_action(action, parameters)

    def sample(self) -> None:
        """Draw new samples from the prior."""

    def export(self) -> Export | None:
        """Return what is shown as a file, or None while there is nothing."""
        return None

    def command(self, run: str) -> str | None:
        """Return the shell command that draws what is shown, or None while there is nothing."""
        return None


def waiting(scene: Scene) -> str:
    """Return what a view without weights says."""
    if scene.run.live:
        return "the first weights come in a moment · the trainer is starting"
    return "there are no weights that can be read"
