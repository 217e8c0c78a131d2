"""Where in the latent space a walk is: a point, a step on a way between two, a drift."""

from dataclasses import dataclass, replace

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.latent.codes import prior
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe

FRAMES = 25
"""Pictures of a way, its ends included."""
DRIFT_STEPS = 40
"""From one random point of a drift to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A code that is kept, or the mean of a test image, which follows newer weights."""

    name: str
    """Where it comes from, in words."""
    code: Floats | None = None
    """(d,)."""
    image: int | None = None
    """Its index in the probe, instead of a code."""

    def code_in(self, network: Network, probe: Probe | None) -> Floats:
        """Return the code (d,) as these weights see it."""
        if self.image is not None and probe is not None:
            mean: Floats = network.encode(probe.images[self.image][None])[0][0]
            return mean
        assert self.code is not None
        return self.code

    def moved(self, code: Floats) -> "Point":
        """Return the point that somebody moved from here to ``code``."""
        return Point(self.name.removesuffix(", moved") + ", moved", code)


@dataclass(frozen=True, slots=True, eq=False)
class Interpolation:
    """A way from one point to another, and how far along it we are."""

    start: Point
    end: Point
    path: str = "linear"
    """linear, slerp or pixels."""
    frame: int = 0

    @property
    def name(self) -> str:
        """Where it leads, in words."""
        return f"{self.start.name} into {self.end.name}"

    def at(self, frame: int) -> "Interpolation":
        """Return another step of it."""
        return replace(self, frame=min(max(frame, 0), FRAMES - 1))


@dataclass(frozen=True, slots=True)
class Drift:
    """A smooth random walk of which every place is a draw from the prior."""

    seed: int
    tick: int = 0

    @property
    def name(self) -> str:
        """What it is, in words."""
        return "drifting through the prior"

    def code(self, latent_dim: int) -> Floats:
        """Return where it is now, (d,): between two draws, as far from 0 as a draw is."""
        leg, step = divmod(self.tick, DRIFT_STEPS)
        start, end = prior(self.seed, leg + 2, latent_dim)[-2:]
        angle = step / DRIFT_STEPS * np.pi / 2
        # Independent normals, weighted by cosine and sine, are again N(0, I).
        result: Floats = (np.cos(angle) * start + np.sin(angle) * end).astype(np.float32)
        return result


Place = Point | Interpolation | Drift
