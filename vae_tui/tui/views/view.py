"""What every view is: a place that is told the scene and draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from textual.containers import Container
from textual.events import Hide
from textual.reactive import var

from vae_tui.model.numpy_vae import Floats, Network, Probe
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.state.other_runs import Overlay
from vae_tui.tui.state.run_list import RunList
from vae_tui.tui.state.run_view import RunView


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a view draws from."""

    run: RunView
    network: Network | None = None
    probe: Probe | None = None
    weights: str = ""
    """Which weights draw the pictures, and how old they are, in words."""
    unreadable: str = ""
    """The name of the file from which there should be weights, and are not."""
    is_past: bool = False
    """The weights are not the newest: the user went back in time."""
    overlay: Overlay | None = None
    """The run that is laid over this one."""
    runs: RunList | None = None
    """All runs of the folder, once they have been asked for."""
    palette: Palette = Palette.GREYS
    unicode: bool = True

    @property
    def step_option(self) -> str:
        """What a shell command needs to draw with the weights shown."""
        return f" --step {self.network.step}" if self.network is not None and self.is_past else ""

    @property
    def codes(self) -> tuple[Floats, Floats]:
        """Means and log-variances (N, d) of the test images; there must be weights and images."""
        assert self.network is not None and self.probe is not None
        return _codes(self.network, self.probe)


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


@lru_cache(maxsize=4)
def _codes(network: Network, probe: Probe) -> tuple[Floats, Floats]:
    # 15 ms for 1,000 images: once for the same weights, whichever views ask.
    means, logvars = network.encode(probe.images)
    # An auto-encoder's variances are anybody's guess: kept where their exponential is a number.
    return means, np.clip(logvars, -60, 60)
