"""View 3: one digit, large; its code, dimension by dimension; a film strip of the way."""

from dataclasses import replace
from typing import Any

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.reactive import var
from textual.timer import Timer

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import code_text, prior
from vae_tui.latent.morph import PATHS, choose_ends, film
from vae_tui.model.numpy_network import Network
from vae_tui.terminal.tiles import widths
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.state.walk_place import FRAMES, Drift, Interpolation, Place, Point
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import MIN_COLUMN, REACH, Bars, LatentBars
from vae_tui.tui.widgets.pictures import Pictures

FRAME_SECONDS = 0.1
SMALL_STEP, LARGE_STEP = 0.25, 1.0
FARTHEST = 9.75
LARGE_SCALES = (3, 2, 1, 0.86, 0.71, 0.57, 0.5)
STRIP_SCALES = (1, 0.71, 0.5, 0.43)
LINES = 2
"""Above and below the film strip."""


class WalkView(View):
    """Walks from a code to others and shows what each decodes to."""

    TITLE = "Walk"
    HELP = (
        "The bars are the numbers of the code z that the digit is decoded from, in the order of "
        "their KL: the most telling first, dead ones grey. Move one and watch. The film strip "
        "shows the chosen dimension from -3 to 3 with the others kept, or, after i, the way from "
        "one point to another: mark the ends with a and b, or choose two digits. Under each "
        "picture: how far z is from 0, and the energy E, the squared error after the picture has "
        "been encoded and decoded again: high where the network does not know what it sees, as in "
        "the middle of a cross-fade of pixels."
    )
    BINDINGS = [
        Binding("up", "choose(-1)", "Dim", key_display="↑↓", id="walk.up",
                tooltip="Choose the dimension above or below"),
        Binding("down", "choose(1)", show=False, id="walk.down"),
        Binding("left", f"move({-SMALL_STEP})", "Move", key_display="←→", id="walk.left",
                tooltip="Make the chosen number smaller or larger; with shift: much"),
        Binding("right", f"move({SMALL_STEP})", show=False, id="walk.right"),
        Binding("shift+left", f"move({-LARGE_STEP})", show=False, id="walk.far-left"),
        Binding("shift+right", f"move({LARGE_STEP})", show=False, id="walk.far-right"),
        Binding("0", "reset", "Zero", id="walk.zero", tooltip="Set the chosen number to 0"),
        Binding("x", "start_at_image", "Digit", id="walk.digit",
                tooltip="Start at the mean of a random test digit"),
        Binding("a", "mark('a')", "Mark", key_display="a b", id="walk.mark-a",
                tooltip="Mark the ends of a way; i then goes from a to b"),
        Binding("b", "mark('b')", show=False, id="walk.mark-b"),
        Binding("i", "morph", "Morph", id="walk.morph",
                tooltip="From mark a to b, or from one digit to another"),
        Binding("k", "next_path", "Path", id="walk.path",
                tooltip="Straight, along a great circle, or a cross-fade of pixels"),
        Binding("d", "drift", "Drift", id="walk.drift", tooltip="Drift through the prior, or stop"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    WalkView #digit { height: 1fr; }
    WalkView #facts { width: 1fr; margin-left: 2; }
    WalkView LatentBars { height: 1fr; }
    WalkView #strip { height: 1fr; }
    WalkView #numbers { height: 1; color: $text-muted; }
    """

    place: var[Place | None] = var(None)
    path: var[str] = var("linear")
    chosen: var[int] = var(-1)
    """The dimension that the arrows move; -1 before there are any."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._seed = 0
        self._random = np.random.default_rng(0)
        self._morphs: dict[tuple[int, int], int] = {}
        self._marks: dict[str, Point] = {}
        self._animation: Timer | None = None

    def compose(self) -> ComposeResult:
        """The digit beside its code, the strip below."""
        with Horizontal(id="top"):
            yield Pictures(id="digit")
            with Vertical(id="facts"):
                yield Caption(id="caption")
                yield Caption(id="weights")
                yield Caption(id="marks")
                yield LatentBars()
        yield Caption(id="strip-caption")
        yield Pictures(id="strip")
        yield Drawing(id="numbers")

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
        if self.chosen < 0:
            self.chosen = self._order(scene.network)[0]
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Choose the sizes of digit and strip."""
        large, small = sizes(event.size.width, event.size.height, self.image_width)
        digit, strip = self.query_one("#digit", Pictures), self.query_one("#strip", Pictures)
        self.query_one("#top").styles.height = large // 2
        digit.styles.width = digit.pixels = large
        strip.styles.height = small // 2
        strip.pixels, strip.columns = small, max(event.size.width // small, 1)
        self._draw()

    def sample(self) -> None:
        """Go to a random point of the prior."""
        if self.scene is None or self.scene.network is None:
            return
        self._seed += 1
        code = prior(self._seed, 1, self.scene.network.latent_dim)[0]
        self._go(Point(f"z from the prior, seed {self._seed}", code))

    def start_at(self, code: Floats, origin: str) -> None:
        """Go to a code (d,)."""
        self._go(Point(origin, code))

    def morph(self, start: int, end: int) -> None:
        """Go from a random test digit of class ``start`` to one of class ``end``, step by step."""
        probe = self.scene.probe if self.scene else None
        if probe is None:
            return
        # At first the two that the shell's morph takes, then others.
        turn = self._morphs.get((start, end))
        self._morphs[start, end] = 1 if turn is None else turn + 1
        first, second = choose_ends(str(start), str(end), probe, turn)
        self._set_out(self._test_digit(first), self._test_digit(second))

    def export(self) -> Export | None:
        """Return the way as an animated GIF, or the digit as a PNG."""
        scene, place = self.scene, self.place
        if scene is None or scene.network is None or place is None:
            return None
        step = scene.network.step
        if isinstance(place, Interpolation):
            pictures, _ = self._way(scene, place, FRAMES)
            return Export(
                f"morph-step{step}.gif", lambda path: write_digits(path, pictures, 1, place.name)
            )
        picture = scene.network.decode(self._code()[None])
        return Export(
            f"digit-step{step}.png", lambda path: write_digits(path, picture, 1, place.name)
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws the way, or the digit."""
        scene, place = self.scene, self.place
        if scene is None or scene.network is None or place is None:
            return None
        if isinstance(place, Interpolation) and None not in (place.start.image, place.end.image):
            ends = f"'#{place.start.image}' '#{place.end.image}'"
            return f"vae-tui morph {run} {ends} --path {place.path}{scene.step_option}"
        if isinstance(place, Interpolation) and place.path == "pixels":
            return None  # a cross-fade is no code's picture
        return f'vae-tui decode {run} --z="{code_text(self._code())}"{scene.step_option}'

    def action_choose(self, steps: int) -> None:
        """Move the cursor along the dimensions."""
        network = self.scene.network if self.scene else None
        if network is None or self.chosen < 0:
            return
        order = self._order(network)
        at = order.index(self.chosen) + steps
        self.chosen = order[min(max(at, 0), len(order) - 1)]
        self._draw()

    def action_move(self, distance: float) -> None:
        """Change the chosen number."""
        if self.place is not None:
            self._set(float(self._code()[self.chosen]) + distance)

    def action_reset(self) -> None:
        """Set the chosen number to 0."""
        if self.place is not None:
            self._set(0.0)

    def action_start_at_image(self) -> None:
        """Go to the mean of a random test digit."""
        scene = self.scene
        if scene is not None and scene.network is not None and scene.probe is not None:
            labels = scene.probe.labels
            self._go(self._test_digit(int(self._random.integers(len(labels)))))

    def action_mark(self, name: str) -> None:
        """Remember where we are as an end of a way."""
        if self.place is not None:
            here = self.place
            self._marks[name] = here if isinstance(here, Point) else Point(name, self._code())
            self._draw()

    async def action_morph(self) -> None:
        """Go from mark to mark; ask for two digits where there are not both."""
        if len(self._marks) == 2:
            self._set_out(self._marks["a"], self._marks["b"])
        else:
            await self.run_action("app.interpolate")

    def action_next_path(self) -> None:
        """Take another kind of way; the way there is, is taken again."""
        self.path = PATHS[(PATHS.index(self.path) + 1) % len(PATHS)]
        if isinstance(self.place, Interpolation):
            self.place = replace(self.place, path=self.path)
        self._draw()

    def action_drift(self) -> None:
        """Drift, or stop and stay."""
        if isinstance(self.place, Drift):
            self._go(Point("drifted here", self._code()))
        elif self.place is not None:
            self._seed += 1
            self._go(Drift(self._seed))
            self._start_frames()

    def _test_digit(self, image: int) -> Point:
        assert self.scene is not None and self.scene.probe is not None
        return Point(f"{self.scene.probe.labels[image]} (test digit #{image})", image=image)

    def _set(self, value: float) -> None:
        code = self._code().copy()
        code[self.chosen] = np.clip(value, -FARTHEST, FARTHEST)
        here = self.place if isinstance(self.place, Point) else Point("on the way", code)
        self._go(here.moved(code))

    def _set_out(self, start: Point, end: Point) -> None:
        if self.scene is None or self.scene.network is None:
            return
        self._go(Interpolation(start, end, self.path))
        self._start_frames()

    def _start_frames(self) -> None:
        self._animation = self.set_interval(FRAME_SECONDS, self._next_frame)

    def _go(self, place: Place) -> None:
        if self._animation is not None:
            self._animation.stop()
            self._animation = None
        self.place = place
        self._draw()

    def _next_frame(self) -> None:
        place = self.place
        if not self.app.is_running:  # a timer still ticks while the widgets are taken down
            return
        if isinstance(place, Interpolation) and place.frame < FRAMES - 1:
            self.place = place.at(place.frame + 1)
        elif isinstance(place, Drift) and self.display:
            self.place = replace(place, tick=place.tick + 1)
        elif place is not None and not isinstance(place, Drift):
            self._go(place)
            return
        self._draw()

    def _code(self) -> Floats:
        """Return the code (d,) of the place; there must be one, and weights."""
        scene, place = self.scene, self.place
        assert scene is not None and scene.network is not None and place is not None
        if isinstance(place, Interpolation):
            code: Floats = self._way(scene, place, FRAMES)[1][place.frame]
            return code
        if isinstance(place, Drift):
            return place.code(scene.network.latent_dim)
        return place.code_in(scene.network, scene.probe)

    def _way(self, scene: Scene, way: Interpolation, count: int) -> tuple[Bytes, Floats]:
        assert scene.network is not None
        start, end = (point.code_in(scene.network, scene.probe) for point in (way.start, way.end))
        return film(scene.network, start, end, count, way.path)

    def _order(self, network: Network) -> list[int]:
        """Return the dimensions by KL, largest first."""
        kl = self._kl(network) or (0.0,) * network.latent_dim
        return sorted(range(network.latent_dim), key=lambda index: -kl[index])

    def _kl(self, network: Network) -> tuple[float, ...]:
        tested = self.scene.run.tested if self.scene else None
        if tested is None or len(tested.kl_per_dimension) != network.latent_dim:
            return ()
        return tested.kl_per_dimension

    def _draw(self) -> None:
        scene, place = self.scene, self.place
        if scene is None or scene.network is None or place is None or self.chosen < 0:
            return
        network, code = scene.network, self._code()
        digit = self.query_one("#digit", Pictures)
        digit.palette = scene.palette
        if isinstance(place, Interpolation):
            digit.images = self._way(scene, place, FRAMES)[0][place.frame][None]
        else:
            digit.images = network.decode(code[None])
        self.query_one(LatentBars).bars = Bars(
            code.tolist(), self._order(network), self._kl(network), self.chosen, scene.unicode
        )
        self.query_one("#caption", Caption).text = f"[b]{place.name}[/b]"
        self.query_one("#weights", Caption).text = WEIGHTS
        room = self.size.width - digit.pixels - 2
        self.query_one("#marks", Caption).text = self._named_marks(room)
        self._draw_strip(scene, network, place, code)

    def _named_marks(self, width: int) -> str:
        """Return both marks in a line, their names cut where they would push each other out."""
        names = [f"{name}: {point.name}" for name, point in sorted(self._marks.items())]
        if len(names) == 2 and len(" · ".join(names)) > width:
            room = max((width - 3) // 2, 1)
            names = [name if len(name) <= room else f"{name[: room - 1]}…" for name in names]
        return " · ".join(names)

    def _draw_strip(self, scene: Scene, network: Network, place: Place, code: Floats) -> None:
        strip, numbers = self.query_one("#strip", Pictures), self.query_one("#numbers", Drawing)
        strip.palette = scene.palette
        caption = self.query_one("#strip-caption", Caption)
        count = strip.columns
        if isinstance(place, Interpolation):
            pictures, codes = self._way(scene, place, count)
            share = place.frame / (FRAMES - 1)
            caption.text = f"{place.path} {_track(share, count * strip.pixels - 8)}"
        else:
            codes = np.repeat(code[None], count, axis=0)
            codes[:, self.chosen] = np.linspace(-REACH, REACH, count)
            pictures = network.decode(codes)
            caption.text = f"z{self.chosen + 1} from {-REACH:g} to {REACH:g}, the others kept"
        strip.images = pictures
        # Twice the loss: the energy is the squared error itself.
        energies = 2 * network.reconstruct(pictures, "mse")[1]
        line = Text(no_wrap=True)
        for norm, energy in zip(np.linalg.norm(codes, axis=1), energies, strict=True):
            line.append(f"|z|{norm:.1f} E{energy:.0f}".ljust(strip.pixels)[: strip.pixels])
        numbers.show_text([line])


def sizes(width: int, height: int, image_width: int) -> tuple[int, int]:
    """Return ``(large, small)``: pixels of the digit and of the film strip's pictures."""
    left, strips = height - LINES, widths(image_width, *STRIP_SCALES)
    for large in widths(image_width, *LARGE_SCALES):
        left = height - LINES - large // 2
        if left >= strips[-1] // 2 and large <= width - MIN_COLUMN - 2:
            break
    return large, next((size for size in strips if size // 2 <= left), strips[-1])


def _track(share: float, width: int) -> str:
    at = round(share * (width - 1))
    return f"[color(240)]{'─' * at}[/][color(214)]●[/][color(240)]{'─' * (width - 1 - at)}[/]"
