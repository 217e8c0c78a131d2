"""View 3: one digit, large; its code, dimension by dimension; a film strip."""

from dataclasses import replace
from typing import Any

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import Resize
from textual.reactive import var
from textual.timer import Timer

from vae_tui.arrays import Floats
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import code_text
from vae_tui.model.numpy_network import Network
from vae_tui.terminal.tiles import widths
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.state.walk_place import FRAMES, Drift, Interpolation, Point, Walk, traversal
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.dimension_bars import REACH, VALUE_CELLS, Bars, LatentBars
from vae_tui.tui.widgets.film_strip import Film, FilmStrip
from vae_tui.tui.widgets.panel import FRAMED, Panel
from vae_tui.tui.widgets.pictures import Pictures

FRAME_SECONDS = 0.1
SMALL_STEP, LARGE_STEP = 0.25, 1.0
LARGE_SCALES = (3, 2, 1, 0.86, 0.71, 0.57, 0.5)
STRIP_SCALES = (1, 0.71, 0.5, 0.43)
LINES = 1
"""Rows below the pictures of the film strip."""


class WalkView(View):
    """Moves a code through the latent space and shows what it decodes to."""

    TITLE = "Walk"
    HELP = (
        "The bars are the numbers of the code z that the digit is decoded from, in the order of "
        "their KL: the most informative first, dead ones grey. Move one and watch. The film strip "
        "shows the chosen dimension from -3 to 3 with the others kept, or, after i, the "
        "interpolation between two points: mark the ends with a and b, or choose two digits. Under "
        "each picture: the norm of z, and the energy E, the squared error after the picture has "
        "been encoded and decoded again: high for pictures unlike the training data, as in the "
        "middle of a cross-fade of pixels."
    )
    BINDINGS = [
        Binding("up", "choose(-1)", "Dim", key_display="↑↓", id="walk.up",
                tooltip="Choose the dimension above or below"),
        Binding("down", "choose(1)", show=False, id="walk.down"),
        Binding("left", f"move({-SMALL_STEP})", "Move", key_display="←→", id="walk.left",
                tooltip="Make the chosen number smaller or larger; shift: larger steps"),
        Binding("right", f"move({SMALL_STEP})", show=False, id="walk.right"),
        Binding("shift+left", f"move({-LARGE_STEP})", show=False, id="walk.far-left"),
        Binding("shift+right", f"move({LARGE_STEP})", show=False, id="walk.far-right"),
        Binding("0", "reset", "Zero", id="walk.zero", tooltip="Set the chosen number to 0"),
        Binding("x", "start_at_image", "Test digit", id="walk.digit",
                tooltip="Start at the mean of a random test digit"),
        Binding("a", "mark('a')", "Mark", key_display="a b", id="walk.mark-a",
                tooltip="Mark one end of a morph; b marks the other, i morphs"),
        Binding("b", "mark('b')", show=False, id="walk.mark-b"),
        Binding("i", "morph", "Morph", id="walk.morph",
                tooltip="Morph from mark a to b, or one digit into another"),
        Binding("k", "next_path", "Path", id="walk.path",
                tooltip="Change the path; linear, great circle (slerp), cross-fade of pixels"),
        Binding("d", "drift", "Drift", id="walk.drift", tooltip="Drift through the prior, or stop"),
    ]  # fmt: skip
    SCOPED_CSS = False
    DEFAULT_CSS = """
    WalkView #picture, WalkView #facts, WalkView #digit { height: 1fr; }
    WalkView #facts { margin-left: 2; }
    WalkView #norm { display: none; }
    .framed WalkView #facts { margin-left: 0; }
    WalkView LatentBars { height: 1fr; }
    """

    walk: var[Walk] = var(Walk())
    chosen: var[int] = var(-1)
    """The dimension that the arrows move; -1 before there are any."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._random = np.random.default_rng(0)
        self._animation: Timer | None = None

    def compose(self) -> ComposeResult:
        """The digit beside its code, the strip below."""
        with Horizontal(id="top"):
            yield Panel("norm", Pictures(id="digit"), id="picture")
            yield Panel("caption", Caption(id="marks"), LatentBars(), id="facts")
        yield FilmStrip()

    def on_resize(self, event: Resize) -> None:
        """Choose the sizes of digit and strip."""
        width, height = event.size
        columns, rows = (4, 4) if self.screen.has_class(FRAMED) else (0, 1)  # of two panels
        large, small = sizes(width - columns, height - rows, self.image_width)
        digit, picture = self.query_one("#digit", Pictures), self.query_one("#picture")
        self.query_one("#top").styles.height = large // 2 + rows // 2
        picture.styles.width = large + columns // 2
        digit.styles.width = digit.pixels = large
        self.query_one(FilmStrip).fit(event.size.width, small)
        self.redraw()

    def sample(self) -> None:
        """Go to a random point of the prior."""
        if self.scene is not None and self.scene.network is not None:
            self._go(self.walk.to_sample(self.scene.network.latent_dim))

    def start_at(self, code: Floats, origin: str) -> None:
        """Go to a code (d,)."""
        self._go(replace(self.walk, place=Point(origin, code)))

    def morph(self, start: int, end: int) -> None:
        """Interpolate from a test digit of class ``start`` to one of class ``end``."""
        if self.scene is not None and self.scene.probe is not None:
            self._go(self.walk.to_classes(start, end, self.scene.probe))

    def export(self) -> Export | None:
        """Return the interpolation as an animated GIF, or the digit as a PNG."""
        scene, place = self.scene, self.walk.place
        if scene is None or scene.network is None or place is None:
            return None
        if isinstance(place, Interpolation):
            file = f"morph-step{scene.network.step}.gif"
            pictures, _ = place.film(scene.network, scene.probe, FRAMES)
        else:
            file = f"digit-step{scene.network.step}.png"
            pictures = scene.network.decode(place.code_for(scene.network, scene.probe)[None])
        return Export(file, lambda path: write_digits(path, pictures, 1, place.name))

    def command(self, run: str) -> str | None:
        """Return the command that draws the interpolation, or the digit."""
        scene, place, code = self.scene, self.walk.place, self._code()
        if scene is None or code is None:
            return None
        if isinstance(place, Interpolation) and None not in (place.start.image, place.end.image):
            ends = f"'#{place.start.image}' '#{place.end.image}'"
            return f"vae-tui morph {run} {ends} --path {place.path}{scene.step_option}"
        if isinstance(place, Interpolation) and place.path == "pixels":
            return None  # no code decodes to a picture of a cross-fade
        return f'vae-tui decode {run} --z="{code_text(code)}"{scene.step_option}'

    def action_choose(self, steps: int) -> None:
        """Choose the dimension ``steps`` lines further down."""
        scene = self.scene
        if scene is not None and scene.network is not None and self.chosen >= 0:
            order = _by_kl(scene, scene.network)
            at = order.index(self.chosen) + steps
            self.chosen = order[min(max(at, 0), len(order) - 1)]
            self.redraw()

    def action_move(self, distance: float) -> None:
        """Change the chosen number."""
        if (code := self._code()) is not None:
            self._go(self.walk.to_value(code, self.chosen, float(code[self.chosen]) + distance))

    def action_reset(self) -> None:
        """Set the chosen number to 0."""
        if (code := self._code()) is not None:
            self._go(self.walk.to_value(code, self.chosen, 0.0))

    def action_start_at_image(self) -> None:
        """Go to the mean of a random test digit."""
        scene = self.scene
        if scene is not None and scene.network is not None and scene.probe is not None:
            image = int(self._random.integers(len(scene.probe.labels)))
            self._go(self.walk.to_image(image, scene.probe))

    def action_mark(self, name: str) -> None:
        """Mark the point shown as an end of the next interpolation."""
        if (code := self._code()) is not None:
            self.walk = self.walk.marked(name, code)
            self.redraw()

    async def action_morph(self) -> None:
        """Interpolate from mark to mark; ask for two digits unless both are set."""
        if (walk := self.walk.to_marks()) is not None:
            self._go(walk)
        else:
            await self.run_action("screen.morph")

    def action_next_path(self) -> None:
        """Choose the next kind of interpolation."""
        self.walk = self.walk.with_next_path()
        self.redraw()

    def action_drift(self) -> None:
        """Drift, or stop and stay."""
        if (code := self._code()) is not None:
            self._go(self.walk.to_drift(code))

    def _go(self, walk: Walk) -> None:
        """Show another place, and its frames one after the other if it moves."""
        if self._animation is not None:
            self._animation.stop()
            self._animation = None
        self.walk = walk
        if walk.place is not None and walk.place.next_frame() is not None:
            self._animation = self.set_interval(FRAME_SECONDS, self._show_next_frame)
        self.redraw()

    def _show_next_frame(self) -> None:
        place = self.walk.place
        if not self.app.is_running:  # timers still tick while the widgets are removed
            return
        if place is None or (following := place.next_frame()) is None:
            self._go(self.walk)
        elif self.display or not isinstance(place, Drift):
            self.walk = replace(self.walk, place=following)
            self.redraw()

    def _code(self) -> Floats | None:
        """Return the code (d,) shown; None before the first weights."""
        scene, place = self.scene, self.walk.place
        if scene is None or scene.network is None or place is None:
            return None
        return place.code_for(scene.network, scene.probe)

    def _draw(self, scene: Scene) -> None:
        if (network := scene.network) is None:
            self.query_one("#caption", Caption).text = waiting(scene)
            return
        if self.chosen < 0:
            self.chosen = _by_kl(scene, network)[0]
        if (place := self.walk.place) is None:
            self.sample()  # draws too
            return
        digit = self.query_one("#digit", Pictures)
        digit.palette = scene.palette
        if isinstance(place, Interpolation):
            frames, codes = place.film(network, scene.probe, FRAMES)
            digit.images, code = frames[place.frame][None], codes[place.frame]
        else:
            code = place.code_for(network, scene.probe)
            digit.images = network.decode(code[None])
        self.query_one(LatentBars).bars = Bars(
            code.tolist(), _by_kl(scene, network), _kl(scene, network), self.chosen, scene.unicode
        )
        self.query_one("#norm", Caption).text = f"[b]|z| {np.linalg.norm(code):.1f}[/b]"
        self.query_one("#caption", Caption).text = f"[b]{place.name}[/b] · {WEIGHTS}"
        room = self.query_one("#marks").size.width
        self.query_one("#marks", Caption).text = self.walk.marks_line(room)
        strip = self.query_one(FilmStrip)
        if isinstance(place, Interpolation):
            pictures, codes = place.film(network, scene.probe, strip.columns)
            title, share = place.path, place.frame / (FRAMES - 1)
        else:
            codes = traversal(code, self.chosen, REACH, strip.columns)
            pictures, share = network.decode(codes), None
            title = f"z{self.chosen + 1} from {-REACH:g} to {REACH:g}, the others kept"
        # The energy is the squared error itself; the loss is half of it.
        energies = 2 * network.reconstruct(pictures, "mse")[1]
        strip.film = Film(title, pictures, codes, energies, share, scene.palette)


def _kl(scene: Scene, network: Network) -> tuple[float, ...]:
    """Return the newest test's KL of each dimension; empty if there is none for this network."""
    tested = scene.run.tested
    if tested is None or len(tested.kl_per_dimension) != network.latent_dim:
        return ()
    return tested.kl_per_dimension


def _by_kl(scene: Scene, network: Network) -> list[int]:
    """Return the dimensions in the order of their KL, largest first."""
    kl = _kl(scene, network) or (0.0,) * network.latent_dim
    return sorted(range(network.latent_dim), key=lambda dimension: -kl[dimension])


def sizes(width: int, height: int, image_width: int) -> tuple[int, int]:
    """Return ``(large, small)``: pixels of the digit and of the film strip's pictures."""
    left, strips = height - LINES, widths(image_width, *STRIP_SCALES)
    for large in widths(image_width, *LARGE_SCALES):
        left = height - LINES - large // 2
        if left >= strips[-1] // 2 and large <= width - VALUE_CELLS[0] - 2:
            break
    return large, next((size for size in strips if size // 2 <= left), strips[-1])
