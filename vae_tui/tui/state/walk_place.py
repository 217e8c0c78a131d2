"""Where in the latent space a walk is: at a point, on an interpolation, or in a drift."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.codes import between, prior
from vae_tui.latent.morph import PATHS, choose_ends, film, title_of
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.text import SEPARATOR, cut
from vae_tui.tui.state.cycle import next_of

FRAMES = 25
"""Pictures of an interpolation, both ends included."""
DRIFT_STEPS = 40
"""Frames of a drift from one random point to the next."""
PROPOSED = (3, 8)
"""Classes of the first interpolation."""
LONGEST_END = 24
"""Characters of an end of an interpolation in a title."""
LARGEST_VALUE = 9.75
"""Limit of the numbers of a code that keys change."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A fixed code, or the mean of a test image, which newer weights move."""

    name: str
    """Where it comes from, in words."""
    code: Floats | None = None
    """(d,)."""
    image: int | None = None
    """Index in the probe, instead of a code."""

    def code_for(self, network: Network, probe: Probe | None) -> Floats:
        """Return the code (d,) with these weights."""
        if self.image is not None and probe is not None:
            mean: Floats = network.encode(probe.images[self.image][None])[0][0]
            return mean
        assert self.code is not None
        return self.code

    @property
    def origin(self) -> str:
        """What a code taken from here is, in words."""
        return self.name

    @property
    def heading(self) -> str:
        """Its name, for a title."""
        return self.name

    @property
    def short(self) -> str:
        """The class of a test image, or the beginning of where the code comes from."""
        name = self.name.partition(" (")[0] if self.image is not None else self.name
        return cut(name.partition(SEPARATOR)[0], LONGEST_END)

    def next_frame(self) -> None:
        """Return None: a point does not move."""


@dataclass(frozen=True, slots=True, eq=False)
class Interpolation:
    """A path from one point to another, and the frame shown."""

    start: Point
    end: Point
    path: str = "linear"
    """linear, slerp or pixels."""
    frame: int = 0
    origin = "between two points"

    @property
    def name(self) -> str:
        """Both ends, in words."""
        return f"{self.start.name} into {self.end.name}"

    @property
    def heading(self) -> str:
        """Both ends, as short as there is room for at 80 columns; `title` has the images."""
        return f"{self.start.short} into {self.end.short}"

    def title(self, *, unicode: bool) -> str:
        """Return ``3 → 8 · linear``, and which test images they are."""
        title = f"{self.start.short} {'→' if unicode else '->'} {self.end.short} · {self.path}"
        images = self.start.image, self.end.image
        if None in images or self.start.short == self.start.name:  # which has no class
            return title
        return f"{title} · test images #{images[0]} and #{images[1]}"

    def film(self, network: Network, probe: Probe | None, count: int) -> tuple[Bytes, Floats]:
        """Return ``count`` pictures along the path, uint8 (count, H, W), and codes (count, d)."""
        start, end = (point.code_for(network, probe) for point in (self.start, self.end))
        return film(network, start, end, count, self.path)

    def code_for(self, network: Network, probe: Probe | None) -> Floats:
        """Return the code (d,) of the frame with these weights."""
        if self.path == "pixels":
            code: Floats = self.film(network, probe, FRAMES)[1][self.frame]
        else:  # without decoding it
            start, end = (point.code_for(network, probe) for point in (self.start, self.end))
            code = between(start, end, FRAMES, self.path)[self.frame]
        return code

    def next_frame(self) -> "Interpolation | None":
        """Return the interpolation one frame further, or None after the last one."""
        return replace(self, frame=self.frame + 1) if self.frame < FRAMES - 1 else None


@dataclass(frozen=True, slots=True)
class Drift:
    """A smooth random walk whose every position is distributed as the prior."""

    seed: int
    tick: int = 0
    name, origin = "drifting through the prior", "on a drift"
    heading = name

    def code_for(self, network: Network, probe: Probe | None) -> Floats:
        """Return the code (d,) of this tick."""
        leg, step = divmod(self.tick, DRIFT_STEPS)
        start, end = prior(self.seed, leg + 2, network.latent_dim)[-2:]
        angle = step / DRIFT_STEPS * np.pi / 2
        # Independent normals, weighted by cosine and sine, are again N(0, I).
        code: Floats = (np.cos(angle) * start + np.sin(angle) * end).astype(np.float32)
        return code

    def next_frame(self) -> "Drift":
        """Return the drift one tick later."""
        return replace(self, tick=self.tick + 1)


Place = Point | Interpolation | Drift


def shown_at(place: Place, network: Network, probe: Probe | None) -> tuple[Bytes, Floats]:
    """Return the picture of a place, uint8 (1, H, W), and its code (d,)."""
    if isinstance(place, Interpolation):
        pictures, codes = place.film(network, probe, FRAMES)
        return pictures[place.frame : place.frame + 1], codes[place.frame]
    code = place.code_for(network, probe)
    return network.decode(code[None]), code


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Where the walk is, and what its keys have chosen; methods return a new walk."""

    place: Place | None = None
    """None before the first weights."""
    path: str = "linear"
    """The kind of interpolation."""
    marks: Mapping[str, Point] = field(default_factory=dict)
    """The points marked ``a`` and ``b``."""
    seed: int = 0
    """Seed of the newest sample or drift."""
    morphs: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """How often each pair of classes was interpolated."""
    last: Interpolation | None = None
    """The newest interpolation, also after the walk has left it."""

    def at(self, place: Place) -> "Walk":
        """Go to a place."""
        last = place if isinstance(place, Interpolation) else self.last
        return replace(self, place=place, last=last)

    def to_frame(self, frame: int) -> "Walk":
        """Go to a frame of the newest interpolation."""
        return self if self.last is None else self.at(replace(self.last, frame=frame))

    def with_proposal(self, probe: Probe) -> "Walk":
        """Have an interpolation to show before the user has chosen one."""
        if self.last is not None:
            return self
        labels = set(probe.labels.tolist())
        start, end = PROPOSED if labels.issuperset(PROPOSED) else (min(labels), max(labels))
        ends = choose_ends(str(start), str(end), probe)
        first, second = (Point(title_of(probe, image), image=image) for image in ends)
        return replace(self, last=Interpolation(first, second, self.path))

    def to_sample(self, latent_dim: int) -> "Walk":
        """Go to another random point of the prior."""
        seed = self.seed + 1
        point = Point(f"z from the prior, seed {seed}", prior(seed, 1, latent_dim)[0])
        return replace(self.at(point), seed=seed)

    def to_image(self, image: int, probe: Probe) -> "Walk":
        """Go to the mean of a test image."""
        return self.at(Point(title_of(probe, image), image=image))

    def to_value(self, code: Floats, dimension: int, value: float) -> "Walk":
        """Go from ``code`` (d,), where the walk is, to the one with another number in it."""
        assert self.place is not None
        moved = code.copy()
        moved[dimension] = np.clip(value, -LARGEST_VALUE, LARGEST_VALUE)
        first, *others = self.place.origin.split(SEPARATOR)  # of which a caption keeps the first
        name = SEPARATOR.join((first.removesuffix(", moved") + ", moved", *others))
        return self.at(Point(name, moved))

    def to_drift(self, code: Floats) -> "Walk":
        """Start to drift, or stop at ``code`` (d,)."""
        if isinstance(self.place, Drift):
            return self.at(Point("drifted here", code))
        return replace(self.at(Drift(self.seed + 1)), seed=self.seed + 1)

    def to_classes(self, start: int, end: int, probe: Probe) -> "Walk":
        """Interpolate from a test image of a class to one of another.

        At first between the two that ``vae-tui morph`` chooses, then between random ones.
        """
        count = self.morphs.get((start, end), 0)
        images = choose_ends(str(start), str(end), probe, count - 1 if count else None)
        first, second = (Point(title_of(probe, image), image=image) for image in images)
        place = Interpolation(first, second, self.path)
        return replace(self.at(place), morphs={**self.morphs, (start, end): count + 1})

    def to_marks(self) -> "Walk | None":
        """Interpolate from mark ``a`` to mark ``b``; None unless both are set, or if it does."""
        if len(self.marks) < 2:
            return None
        start, end = self.marks["a"], self.marks["b"]
        match self.place:
            case Interpolation(start=here, end=there) if (here, there) == (start, end):
                return None
        return self.at(Interpolation(start, end, self.path))

    def marked(self, name: str, code: Floats) -> "Walk":
        """Mark where the walk is, which is ``code`` (d,)."""
        assert self.place is not None
        here = self.place if isinstance(self.place, Point) else Point(self.place.origin, code)
        return replace(self, marks={**self.marks, name: here})

    def with_next_path(self) -> "Walk":
        """Choose the next kind of interpolation, also for the one shown."""
        path = next_of(PATHS, self.path)
        last = replace(self.last, path=path) if self.last else None
        place = last if isinstance(self.place, Interpolation) else self.place
        return replace(self, path=path, place=place, last=last)

    def marks_line(self, width: int) -> str:
        """Return both marks in a line, their names cut if it is too narrow for both."""
        names = [f"{name}: {point.name}" for name, point in sorted(self.marks.items())]
        if len(names) == 2 and len(SEPARATOR.join(names)) > width:
            room = max((width - len(SEPARATOR)) // 2, 1)
            names = [cut(name, room) for name in names]
        return SEPARATOR.join(names)
