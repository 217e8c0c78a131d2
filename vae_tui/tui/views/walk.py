"""View 3: one digit, large; its code, dimension by dimension; a film strip of the way."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.reactive import var
from textual.timer import Timer

from vae_tui.latent import between, prior
from vae_tui.network import Floats, Network, Probe
from vae_tui.tui.views.samples import waiting
from vae_tui.tui.views.view import View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.latent_bars import MIN_COLUMN, REACH, Bars, LatentBars
from vae_tui.tui.widgets.pictures import Pictures

FRAMES = 25
"""Pictures of a morph, its ends included."""
FRAME_SECONDS = 0.1
SMALL_STEP, LARGE_STEP = 0.25, 1.0
LARGE_SIZES = (84, 56, 28, 24, 20, 16, 14)
STRIP_SIZES = (28, 20, 14, 12)


@dataclass(frozen=True, slots=True)
class Morph:
    """The way from one test digit to another: indices in the probe, and where on it we are."""

    start: int
    end: int
    frame: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where in the latent space the walk is."""

    code: Floats
    """(d,)."""
    origin: str
    """How we came here, in words."""
    image: int | None = None
    """The test digit whose mean it is: follows newer weights."""
    morph: Morph | None = None


class WalkView(View):
    """Walks from a code to others and shows what each decodes to."""

    TITLE = "Walk"
    HELP = (
        "The bars are the numbers of the code z that the digit is decoded from, in the order of "
        "their KL: the most telling first, idle ones grey. Move one and watch. The film strip "
        "below shows the chosen dimension from -3 to 3 with the others kept, or, after i, the "
        "straight way from one test digit's mean to another's."
    )
    BINDINGS = [
        Binding("up", "choose(-1)", "Dim", key_display="↑↓", id="walk.up",
                tooltip="Choose the dimension above"),
        Binding("down", "choose(1)", show=False, id="walk.down",
                tooltip="Choose the dimension below"),
        Binding("left", f"move({-SMALL_STEP})", "Move", key_display="←→", id="walk.left",
                tooltip="Make the chosen number smaller"),
        Binding("right", f"move({SMALL_STEP})", show=False, id="walk.right",
                tooltip="Make it larger"),
        Binding("shift+left", f"move({-LARGE_STEP})", show=False, id="walk.far-left",
                tooltip="Much smaller"),
        Binding("shift+right", f"move({LARGE_STEP})", show=False, id="walk.far-right",
                tooltip="Much larger"),
        Binding("0", "reset", "Zero", id="walk.zero", tooltip="Set the chosen number to 0"),
        Binding("x", "start_at_image", "Digit", id="walk.digit",
                tooltip="Start at the mean of a random test digit"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    WalkView #top { height: 14; }
    WalkView #digit-side { width: 28; }
    WalkView #digit { height: 1fr; }
    WalkView LatentBars { width: 1fr; height: 1fr; margin-left: 2; }
    WalkView #strip { height: 1fr; }
    """

    place: var[Place | None] = var(None)
    chosen: var[int] = var(-1)
    """The dimension that the arrows move; -1 before there are any."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._seed = 0
        self._random = np.random.default_rng(0)
        self._animation: Timer | None = None

    def compose(self) -> ComposeResult:
        """The digit beside its bars, the strip below."""
        with Horizontal(id="top"):
            with Vertical(id="digit-side"):
                yield Pictures(id="digit")
            yield LatentBars()
        yield Caption(id="caption")
        yield Caption(id="strip-caption")
        yield Pictures(id="strip")

    def watch_scene(self) -> None:
        """Redraw; a place that is a test digit's follows newer weights."""
        scene = self.scene
        if scene is None or not self.is_mounted:
            return
        if scene.network is None:
            self.query_one("#caption", Caption).text = waiting(scene)
            return
        if self.place is None:
            self.sample()
        elif scene.probe is not None:
            self.place = _again(self.place, scene.network, scene.probe)
        if self.chosen < 0:
            self.chosen = self._order()[0]
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Choose the sizes of digit and strip."""
        large, small = sizes(event.size.width, event.size.height)
        self.query_one("#top").styles.height = large // 2
        self.query_one("#digit-side").styles.width = large
        self.query_one("#digit", Pictures).pixels = large
        strip = self.query_one("#strip", Pictures)
        strip.pixels, strip.columns = small, max(event.size.width // small, 1)
        self._draw()

    def sample(self) -> None:
        """Go to a random point of the prior."""
        if self.scene is None or self.scene.network is None:
            return
        self._seed += 1
        code = prior(self._seed, 1, self.scene.network.latent_dim)[0]
        self._go(Place(code, f"z from the prior, seed {self._seed}"))

    def start_at(self, code: Floats, origin: str) -> None:
        """Go to a code (d,)."""
        self._go(Place(code, origin))

    def morph(self, start: int, end: int) -> None:
        """Go from a random test digit of class ``start`` to one of class ``end``, step by step."""
        scene = self.scene
        if scene is None or scene.network is None or scene.probe is None:
            return
        ends = [int(self._random.choice(scene.probe.of_class(label))) for label in (start, end)]
        here = Place(np.empty(0, np.float32), "", morph=Morph(*ends))
        self._go(_again(here, scene.network, scene.probe))
        self._animation = self.set_interval(FRAME_SECONDS, self._next_frame)

    def action_choose(self, steps: int) -> None:
        """Move the cursor along the dimensions."""
        if self.place is None:
            return
        order = self._order()
        at = order.index(self.chosen) + steps
        self.chosen = order[min(max(at, 0), len(order) - 1)]
        self._draw()

    def action_move(self, distance: float) -> None:
        """Change the chosen number."""
        if self.place is not None:
            self._set(float(self.place.code[self.chosen]) + distance)

    def action_reset(self) -> None:
        """Set the chosen number to 0."""
        self._set(0.0)

    def action_start_at_image(self) -> None:
        """Go to the mean of a random test digit."""
        scene = self.scene
        if scene is None or scene.network is None or scene.probe is None:
            return
        image = int(self._random.integers(len(scene.probe.labels)))
        here = Place(np.empty(0, np.float32), "", image=image)
        self._go(_again(here, scene.network, scene.probe))

    def _set(self, value: float) -> None:
        if self.place is None:
            return
        code = self.place.code.copy()
        code[self.chosen] = np.clip(value, -9.75, 9.75)
        origin = self.place.origin.removesuffix(", moved") + ", moved"
        self._go(Place(code, origin))

    def _go(self, place: Place) -> None:
        if self._animation is not None:
            self._animation.stop()
            self._animation = None
        self.place = place
        self._draw()

    def _next_frame(self) -> None:
        place, scene = self.place, self.scene
        if place is None or place.morph is None or scene is None or not self.app.is_running:
            return
        morph = place.morph
        if morph.frame == FRAMES - 1 or scene.network is None or scene.probe is None:
            self._go(place)
            return
        ahead = Place(place.code, "", morph=Morph(morph.start, morph.end, morph.frame + 1))
        self.place = _again(ahead, scene.network, scene.probe)
        self._draw()

    def _order(self) -> list[int]:
        """Return the dimensions by KL, largest first."""
        assert self.scene is not None and self.scene.network is not None
        dimensions = range(self.scene.network.latent_dim)
        kl = self._kl()
        return sorted(dimensions, key=lambda index: -kl[index]) if kl else list(dimensions)

    def _kl(self) -> tuple[float, ...]:
        tested = self.scene.run.tested if self.scene else None
        network = self.scene.network if self.scene else None
        if tested is None or network is None or len(tested.kl_per_dimension) != network.latent_dim:
            return ()
        return tested.kl_per_dimension

    def _draw(self) -> None:
        scene, place = self.scene, self.place
        if scene is None or scene.network is None or place is None or self.chosen < 0:
            return
        network = scene.network
        digit, strip = self.query_one("#digit", Pictures), self.query_one("#strip", Pictures)
        digit.palette = strip.palette = scene.palette
        digit.images = network.decode(place.code[None])
        self.query_one(LatentBars).bars = Bars(
            place.code.tolist(), self._order(), self._kl(), self.chosen, scene.unicode
        )
        self.query_one("#caption", Caption).text = f"[b]{place.origin}[/b] · {scene.weights}"
        codes, what = self._film(network, place, strip.columns)
        strip.images = network.decode(codes)
        self.query_one("#strip-caption", Caption).text = what

    def _film(self, network: Network, place: Place, count: int) -> tuple[Floats, str]:
        """Return the codes of the film strip, (count, d), and what they are."""
        probe = self.scene.probe if self.scene else None
        if place.morph is not None and probe is not None:
            ends = network.encode(probe.images[[place.morph.start, place.morph.end]])[0]
            at = place.morph.frame / (FRAMES - 1)
            track = _track(at, count * self.query_one("#strip", Pictures).pixels)
            return between(ends[0], ends[1], count), track
        codes = np.repeat(place.code[None], count, axis=0)
        codes[:, self.chosen] = np.linspace(-REACH, REACH, count)
        return codes, f"z{self.chosen + 1} from {-REACH:g} to {REACH:g}, the others kept"


def sizes(width: int, height: int) -> tuple[int, int]:
    """Return ``(large, small)``: pixels of the digit and of the film strip's pictures."""
    for large in LARGE_SIZES:
        left = height - large // 2 - 2
        if left >= STRIP_SIZES[-1] // 2 and large <= width - MIN_COLUMN - 2:
            break
    return large, next((size for size in STRIP_SIZES if size // 2 <= left), STRIP_SIZES[-1])


def _again(place: Place, network: Network, probe: Probe) -> Place:
    """Return the place as these weights see it: a test digit's mean, or a step between two."""
    if place.morph is not None:
        morph = place.morph
        ends = network.encode(probe.images[[morph.start, morph.end]])[0]
        code = between(ends[0], ends[1], FRAMES)[morph.frame]
        first, second = (int(probe.labels[index]) for index in (morph.start, morph.end))
        origin = f"{first} into {second}, test digits #{morph.start} and #{morph.end}"
        return Place(code, origin, morph=morph)
    if place.image is not None:
        code = network.encode(probe.images[place.image][None])[0][0]
        label = int(probe.labels[place.image])
        return Place(code, f"mean of test digit #{place.image}, a {label}", image=place.image)
    return place


def _track(share: float, width: int) -> str:
    at = round(share * (width - 1))
    return f"[color(240)]{'─' * at}[/][color(214)]●[/][color(240)]{'─' * (width - 1 - at)}[/]"
