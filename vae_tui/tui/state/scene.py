"""Everything that a view draws from, as one frozen value."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.latent.posterior import Posteriors, encoded, kl_parts, posteriors_of
from vae_tui.latent.scores import energies
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.run.config import RunConfig
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.state.other_runs import Overlay, Preview, RunList
from vae_tui.tui.state.run_view import RunView


@dataclass(frozen=True, slots=True, eq=False)
class EncodedProbe:
    """The run's test images, and what the weights of a scene make of them."""

    network: Network
    probe: Probe
    config: RunConfig

    @property
    def means(self) -> Floats:
        """Their codes, (N, d)."""
        return _codes(self.network, self.probe)[0]

    @property
    def logvars(self) -> Floats:
        """The log-variances of q(z|x), (N, d)."""
        return _codes(self.network, self.probe)[1]

    @property
    def posteriors(self) -> Posteriors:
        """q(z|x) of each."""
        return posteriors_of(self.means, self.logvars, self.config.model)

    @property
    def kl_parts(self) -> tuple[Floats, Floats]:
        """KL of the means and of the variances, each (d,) in nats, averaged over the images.

        Every view that shows the KL of dimensions uses these numbers.
        """
        return _kl_parts(self.network, self.probe)

    @property
    def energies(self) -> Floats:
        """Their energies, (N,). The first time takes 50 ms or more: all are decoded."""
        return _energies(self.network, self.probe, self.config.reconstruction)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that a view draws from."""

    run: RunView
    network: Network | None = None
    probe: Probe | None = None
    unreadable: str = ""
    """The name of the weights file, if that exists and cannot be read."""
    is_past: bool = False
    """Whether the user went back to weights that are not the newest."""
    overlays: tuple[Overlay, ...] = ()
    """The runs overlaid on this one, in the order in which they were marked."""
    preview: Preview | None = None
    """The run that the list previews."""
    runs: RunList | None = None
    """All runs of the folder; None until they have been read."""
    palette: Palette = Palette.COLOURS_256
    unicode: bool = True

    @property
    def overlay(self) -> Overlay | None:
        """The first of the overlaid runs."""
        return self.overlays[0] if self.overlays else None

    @property
    def step_option(self) -> str:
        """The option with which a shell command uses the same weights; empty for the newest."""
        return f" --step {self.network.step}" if self.network is not None and self.is_past else ""

    @property
    def encoded(self) -> EncodedProbe | None:
        """The test images with these weights; None until both are there."""
        if self.network is None or self.probe is None:
            return None
        return EncodedProbe(self.network, self.probe, self.run.config)

    @property
    def kl(self) -> tuple[float, ...]:
        """KL of each dimension with these weights, in nats; empty without test images."""
        encoded = self.encoded
        return tuple(np.add(*encoded.kl_parts).tolist()) if encoded else ()

    @property
    def by_kl(self) -> list[int]:
        """The dimensions in the order of their KL, largest first; needs a network."""
        assert self.network is not None
        kl = self.kl or (0.0,) * self.network.latent_dim
        return sorted(range(len(kl)), key=lambda dimension: -kl[dimension])


@lru_cache(maxsize=4)
def _codes(network: Network, probe: Probe) -> tuple[Floats, Floats]:
    # Cached: 15 ms for 1,000 images, and several views ask for the same weights.
    return encoded(network, probe.images)


@lru_cache(maxsize=4)
def _kl_parts(network: Network, probe: Probe) -> tuple[Floats, Floats]:
    return kl_parts(*_codes(network, probe))


@lru_cache(maxsize=4)
def _energies(network: Network, probe: Probe, reconstruction: str) -> Floats:
    return energies(network, probe.images, reconstruction)
