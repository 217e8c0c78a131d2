"""All that a view draws from."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
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


@lru_cache(maxsize=4)
def _codes(network: Network, probe: Probe) -> tuple[Floats, Floats]:
    # 15 ms for 1,000 images: once for the same weights, whichever views ask.
    means, logvars = network.encode(probe.images)
    # An auto-encoder's variances are anybody's guess: kept where their exponential is a number.
    return means, np.clip(logvars, -60, 60)
