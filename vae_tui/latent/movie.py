"""What a run's kept weights draw, step by step: the same samples, a morph, the map."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from vae_tui.arrays import Bytes, Floats
from vae_tui.errors import VaeTuiError
from vae_tui.latent import codes
from vae_tui.latent.morph import MOST_STEPS
from vae_tui.latent.morph import morph as interpolate
from vae_tui.latent.projection import Projection, pca
from vae_tui.model import load_network
from vae_tui.model.network_at_step import network_at
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run

_Drawn = TypeVar("_Drawn")
Draw = Callable[[Network], _Drawn]
"""Draws one frame with the weights of one step."""


def frames(run: Run, config: RunConfig, draw: Draw[_Drawn]) -> Iterator[tuple[int, _Drawn]]:
    """Yield step and drawing of the newest weights, then of each older kept step, newest first.

    Kept weights that a live trainer removes meanwhile are skipped.

    Raises:
        UsageError: The run has no weights.
        VaeTuiError: Some cannot be read.
    """
    kept = run.kept_steps()
    newest = network_at(run, config)
    yield newest.step, draw(newest)
    for step in reversed(kept):
        path = run.kept_weights(step)
        if step >= newest.step:
            continue
        try:
            network = load_network(path, config)
        except VaeTuiError:
            if not path.exists():
                continue
            raise
        yield step, draw(network)


def samples(count: int, seed: int) -> Draw[Bytes]:
    """Return what draws ``count`` samples of the prior, at each step from the same codes."""
    return lambda network: network.decode(codes.samples(network, count, seed))


def morph(probe: Probe, ends: tuple[int, int], steps: int) -> Draw[Bytes]:
    """Return what draws the interpolation between two test images, given as in `latent.morph`."""
    codes.check_range("-n", steps, 2, MOST_STEPS)
    return lambda network: interpolate(network, probe, ends, steps)


class AlignedMap:
    """Draws the means of the test images in two dimensions, (N, 2), by PCA.

    Each step has its own plane, rotated to match that of the step drawn before it: points move
    instead of jumping.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._plane: Projection | None = None

    def __call__(self, network: Network) -> Floats:
        """Return the points of one step, in the units of the code."""
        self._plane = pca(network.encode(self._probe.images)[0], self._plane)
        return self._plane.points
