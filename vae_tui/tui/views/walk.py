"""View 3: one image, large; its code, dimension by dimension; a film strip."""

from dataclasses import replace

import numpy as np
from rich.markup import escape
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import Resize
from textual.reactive import var
from textual.timer import Timer

from vae_tui.arrays import Floats
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.state.walk_place import Drift, Interpolation, Point, Walk, shown_at
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.views.walk_films import command_of, export_of, path_film, traversal_film
from vae_tui.tui.views.walk_layout import layout
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.film_strip import FilmStrip
from vae_tui.tui.widgets.latent_bars import Bars, LatentBars
from vae_tui.tui.widgets.neighbour import Neighbour, NeighbourRow
from vae_tui.tui.widgets.panel import FRAMED, Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures

FRAME_SECONDS = 0.1
SMALL_STEP, LARGE_STEP = 0.25, 1.0


class WalkView(View):
    """Moves a code through the latent space and shows what it decodes to."""

    TITLE = "Walk"
    HELP = (
        "The bars are the numbers of the code z that the image is decoded from, in the order of "
        "their KL (nats, over the run's test images): the most informative first, dead ones grey. "
        "Move one, or click on its bar. A film strip shows the chosen dimension from -3 to 3 with "
        "the others kept, or an interpolation: mark two ends ({walk.mark-a}) or choose classes. "
        "Click on a frame to go there. ‖z‖ is the length of the code: about the square root of "
        "the number of dimensions for a draw from the prior. err is the squared error of a "
        "picture after it was encoded and decoded again, summed over pixels from 0 (black) to 1 "
        "(white): high for what is unlike the training data, as in the middle of a cross-fade."
    )
    BINDINGS = [
        Binding("up", "choose(-1)", "Dim", key_display="↑↓", id="walk.up",
                tooltip="Choose the dimension above or below"),
        Binding("down", "choose(1)", show=False, id="walk.down"),
        Binding("left", f"move({-SMALL_STEP})", "Move", key_display="←→", id="walk.left",
                tooltip="Make the chosen number smaller or larger; with shift in larger steps"),
        Binding("right", f"move({SMALL_STEP})", show=False, id="walk.right"),
        Binding("shift+left", f"move({-LARGE_STEP})", show=False, id="walk.far-left"),
        Binding("shift+right", f"move({LARGE_STEP})", show=False, id="walk.far-right"),
        Binding("0", "reset", "Zero", id="walk.zero", tooltip="Set the chosen number to 0"),
        Binding("x", "start_at_image", "Test image", id="walk.digit",
                tooltip="Start at the mean of a random test image"),
        Binding("w", "app.run('draw')", "Draw", id="walk.draw",
                tooltip="Draw an image by hand; see its code and reconstruction"),
        Binding("o", "app.run('open-image')", "Open", id="walk.open",
                tooltip="Open an image file; see how usual it is, and walk from its code"),
        Binding("a", "mark('a')", "Mark", key_display="a b", id="walk.mark-a",
                tooltip="Mark one end of a morph, or the other"),
        Binding("b", "mark('b')", show=False, id="walk.mark-b"),
        Binding("i", "morph", "Morph", id="walk.morph",
                tooltip="Morph from mark a to b; without marks or again, one class into another"),
        Binding("k", "next_path", "Path", id="walk.path",
                tooltip="Change the path; linear, great circle (slerp), cross-fade of pixels"),
        Binding("d", "drift", "Drift", id="walk.drift", tooltip="Drift through the prior, or stop"),
    ]  # fmt: skip
    SCOPED_CSS = False
    DEFAULT_CSS = """
    WalkView #picture, WalkView #facts { height: 1fr; }
    WalkView #picture { align: center middle; }
    WalkView Neighbour { margin-top: 1; }
    WalkView #facts { margin-left: 2; }
    WalkView #norm { display: none; }
    .framed WalkView #facts { margin-left: 0; }
    WalkView LatentBars { height: 1fr; }
    WalkView #marks { display: none; }
    WalkView.marked #marks { display: block; }
    """

    walk: var[Walk] = var(Walk())
    chosen: var[int] = var(-1)
    """The dimension that the arrows move; -1 for the one with the largest KL."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._random = np.random.default_rng(0)
        self._animation: Timer | None = None
        self._has_two_strips = False
        self._second: tuple[object, ...] = ()
        """What the second film strip was drawn from."""

    def compose(self) -> ComposeResult:
        """The image beside its code, the strips below."""
        with Horizontal(id="top"):
            yield Panel("norm", Pictures(id="digit"), Neighbour(), id="picture")
            facts = Caption(id="marks"), LatentBars(), NeighbourRow()
            yield Panel("caption", *facts, id="facts", is_main=True)
        yield FilmStrip("strip")
        yield FilmStrip("interpolation")

    def on_resize(self, event: Resize) -> None:
        """Choose the sizes of image and strips."""
        width, height = event.size
        framed = self.screen.has_class(FRAMED)
        latent_dim = self.scene.run.config.latent_dim if self.scene else 0
        found = layout(width, height, self.image_width, latent_dim, framed=framed)
        digit, picture = self.query_one("#digit", Pictures), self.query_one("#picture")
        self.query_one("#top").styles.height = found.top
        picture.styles.width = found.large + frame_of(self)[0]
        digit.styles.width = digit.pixels = found.large
        digit.styles.height = found.large // 2
        self.query_one(Neighbour).display = found.has_neighbour
        self.query_one(NeighbourRow).display = found.has_neighbour_row
        self._has_two_strips = found.strips == 2
        self.query_one("#interpolation-panel").display = self._has_two_strips
        for strip in self.query(FilmStrip):
            strip.fit(width, found.small)
        self.redraw()

    def sample(self) -> None:
        """Go to a random point of the prior."""
        if self.scene is not None and self.scene.network is not None:
            self._go(self.walk.to_sample(self.scene.network.latent_dim))

    def start_at(self, code: Floats, origin: str, dimension: int = -1) -> None:
        """Go to a code (d,), and choose a dimension unless it is -1."""
        self.chosen = self.chosen if dimension < 0 else dimension
        self._go(replace(self.walk, place=Point(origin, code)))

    def morph(self, start: int, end: int) -> None:
        """Interpolate from a test image of class ``start`` to one of class ``end``."""
        if self.scene is not None and self.scene.probe is not None:
            self._go(self.walk.to_classes(start, end, self.scene.probe))

    def export(self) -> Export | None:
        """Return the interpolation as an animated GIF, or the image as a PNG."""
        scene, place = self.scene, self.walk.place
        if scene is None or scene.network is None or place is None:
            return None
        return export_of(place, scene)

    def command(self, run: str) -> str | None:
        """Return the command that draws the interpolation, or the image."""
        scene, place = self.scene, self.walk.place
        if scene is None or scene.network is None or place is None:
            return None
        return command_of(place, scene, run)

    def on_latent_bars_pressed(self, message: LatentBars.Pressed) -> None:
        """Choose the dimension that the mouse is on, and set it if it is on the bar."""
        self.chosen = message.dimension
        if message.value is None:
            self.redraw()
        else:
            self._set(message.value)

    def on_film_strip_pressed(self, message: FilmStrip.Pressed) -> None:
        """Go to the picture of a film strip that was clicked."""
        if message.strip.film is not None and message.strip.film.dimension < 0:
            self._go(self.walk.to_frame(round(message.position)), animated=False)
        else:
            self._set(message.position)

    def on_neighbour_row_pressed(self, message: NeighbourRow.Pressed) -> None:
        """Go to the mean of the test image that was clicked."""
        if self.scene is not None and self.scene.probe is not None:
            self._go(self.walk.to_image(message.image, self.scene.probe))

    def action_choose(self, steps: int) -> None:
        """Choose the dimension ``steps`` lines further down."""
        scene = self.scene
        if scene is not None and scene.network is not None:
            order = scene.by_kl
            at = order.index(self._dimension) + steps
            self.chosen = order[min(max(at, 0), len(order) - 1)]
            self.redraw()

    def action_move(self, distance: float) -> None:
        """Change the chosen number."""
        if (code := self._code()) is not None:
            self._set(float(code[self._dimension]) + distance)

    def action_reset(self) -> None:
        """Set the chosen number to 0."""
        self._set(0.0)

    def action_start_at_image(self) -> None:
        """Go to the mean of a random test image."""
        scene = self.scene
        if scene is not None and (encoded := scene.encoded):
            image = int(self._random.integers(len(encoded.probe.labels)))
            self._go(self.walk.to_image(image, encoded.probe))

    def action_mark(self, name: str) -> None:
        """Mark the point shown as an end of the next interpolation."""
        if (code := self._code()) is not None:
            self.walk = self.walk.marked(name, code)
            self.redraw()

    async def action_morph(self) -> None:
        """Interpolate from mark to mark; ask for two classes without them, or the next time."""
        if (walk := self.walk.to_marks()) is not None:
            self._go(walk)
        else:
            await self.run_action("app.run('morph')")

    def action_next_path(self) -> None:
        """Choose the next kind of interpolation; name it where no strip does."""
        self.walk = self.walk.with_next_path()
        if not (self._has_two_strips or isinstance(self.walk.place, Interpolation)):
            self.notify(f"path of the next morph: {self.walk.path}", timeout=3)
        self.redraw()

    def action_drift(self) -> None:
        """Drift, or stop and stay."""
        if (code := self._code()) is not None:
            self._go(self.walk.to_drift(code))

    def _set(self, value: float) -> None:
        """Set the chosen number; from now on the cursor stays on its dimension."""
        if (code := self._code()) is not None:
            self.chosen = self._dimension
            self._go(self.walk.to_value(code, self.chosen, value))

    def _go(self, walk: Walk, *, animated: bool = True) -> None:
        """Show another place, and its frames one after the other if it moves."""
        if self._animation is not None:
            self._animation.stop()
            self._animation = None
        self.walk = walk
        if animated and walk.place is not None and walk.place.next_frame() is not None:
            self._animation = self.set_interval(FRAME_SECONDS, self._show_next_frame)
        self.redraw()

    def _show_next_frame(self) -> None:
        place = self.walk.place
        if place is None or (following := place.next_frame()) is None:
            self._go(self.walk)
        elif self.display or not isinstance(place, Drift):
            self.walk = self.walk.at(following)
            self.redraw()

    def _code(self) -> Floats | None:
        """Return the code (d,) shown; None before the first weights."""
        scene, place = self.scene, self.walk.place
        if scene is None or scene.network is None or place is None:
            return None
        return place.code_for(scene.network, scene.probe)

    @property
    def _dimension(self) -> int:
        """The chosen dimension, or the one with the largest KL; needs a network."""
        assert self.scene is not None
        count = self.scene.network.latent_dim if self.scene.network else 0
        return self.chosen if 0 <= self.chosen < count else self.scene.by_kl[0]

    def _draw(self, scene: Scene) -> None:
        if (network := scene.network) is None:
            self.query_one("#caption", Caption).text = f"[b]Code[/b]: {waiting(scene)}"
            return
        if (place := self.walk.place) is None:
            self.sample()  # draws too
            return
        digit = self.query_one("#digit", Pictures)
        digit.palette = scene.palette
        digit.images, code = shown_at(place, network, scene.probe)
        self.query_one(LatentBars).bars = Bars(
            code.tolist(), scene.by_kl, scene.kl, self._dimension, scene.unicode
        )
        self.query_one(Neighbour).show(digit.images[0], scene)
        self.query_one(NeighbourRow).show(digit.images[0], scene)
        norm = "‖z‖" if scene.unicode else "|z|"
        self.query_one("#norm", Caption).text = f"[b]Decoded[/b] {norm} {np.linalg.norm(code):.1f}"
        is_framed = self.screen.has_class(FRAMED)  # else the name would take room from the place
        name = escape(place.heading)
        name = f"[b]Code[/b] {name}" if is_framed else f"[b]{name}[/b]"
        self.query_one("#caption", Caption).text = f"{name} · {WEIGHTS}"
        marks = self.query_one("#marks", Caption)
        marks.text = escape(self.walk.marks_line(self.query_one("#facts").size.width))
        self.set_class(bool(marks.text), "marked")
        strip, second = self.query(FilmStrip)
        if isinstance(place, Interpolation) and not self._has_two_strips:
            strip.film = path_film(place, strip.columns, scene, is_here=True)
        else:
            strip.film = traversal_film(code, self._dimension, strip.columns, scene)
        if self._has_two_strips and scene.probe is not None:
            self.walk = self.walk.with_proposal(scene.probe)
        if self._has_two_strips and (path := self.walk.last) is not None:
            is_here = isinstance(place, Interpolation)
            shown = path, is_here, second.columns, network, scene.palette
            if shown != self._second:  # a moved bar leaves it as it is
                self._second = shown
                second.film = path_film(path, second.columns, scene, is_here=is_here)
