"""What every view is: a place that is told the scene and draws it."""

from dataclasses import dataclass
from typing import ClassVar

from textual.containers import Container
from textual.reactive import var

from vae_tui.network import Network, Probe
from vae_tui.tui.history import RunView
from vae_tui.tui.pixels import Palette


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a view draws from."""

    run: RunView
    network: Network | None = None
    probe: Probe | None = None
    weights: str = ""
    """Which weights draw the pictures, and how old they are, in words."""
    palette: Palette = Palette.GREYS
    unicode: bool = True


class View(Container, can_focus=True):
    """One of the views; told the scene only while it is the one on the screen."""

    DEFAULT_CSS = "View { width: 1fr; height: 1fr; }"

    TITLE: ClassVar[str] = ""
    """In the footer, beside its key."""
    HELP: ClassVar[str] = ""
    """What it shows, for the help."""

    scene: var[Scene | None] = var(None)

    def sample(self) -> None:
        """Draw new samples from the prior."""
