"""View 2: decoded samples of the prior, as many as fit; one is chosen and shown large."""

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.reactive import var

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import aggregate, samples
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.samples_layout import SIZES, Grid, card, grid
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.latent_bars import Bars, LatentBars
from vae_tui.tui.widgets.neighbour import Neighbour
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures

TEMPERATURES = (0.0, 0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)


class SamplesView(View):
    """A grid of samples; the same z are decoded again with newer weights."""

    TITLE = "Samples"
    HELP = (
        "Each digit is a z drawn from the prior N(0, I), times the temperature, decoded. The same "
        "z are decoded with newer weights, so that the same digits sharpen. From the aggregate "
        "posterior, z is drawn from q(z|x) of a random test image, as in training. "
        "The more the two look alike, the better the aggregate posterior matches the prior. "
        "From 120 columns on, a card shows the chosen digit: its code z with the length ‖z‖ (a "
        "draw from the prior has about the square root of the number of dimensions), and the test "
        "image nearest to it in pixels; err is their squared difference, summed over pixels from "
        "0 (black) to 1 (white). A sample that is no copy differs from all of them."
    )
    BINDINGS = [
        Binding("up", "choose(0, -1)", "Choose", key_display="↑↓←→", id="samples.up",
                tooltip="Choose a digit; so does a click"),
        Binding("down", "choose(0, 1)", show=False, id="samples.down"),
        Binding("left", "choose(-1, 0)", show=False, id="samples.left"),
        Binding("right", "choose(1, 0)", show=False, id="samples.right"),
        Binding("enter", "walk", "Walk", key_display="enter", id="samples.walk",
                tooltip="Walk from the chosen digit; so does a double click"),
        Binding("w", "app.run('draw')", "Draw", id="samples.draw",
                tooltip="Draw a digit by hand; see its code and reconstruction"),
        Binding("z", "next_size", "Size", id="samples.size",
                tooltip="Digits as large as fit, in full size, or in half size"),
        Binding("plus,equals_sign", "heat(1)", "Hotter", key_display="+", id="samples.hotter",
                tooltip="Raise the temperature: z further from the mean"),
        Binding("minus", "heat(-1)", "Cooler", key_display="-", id="samples.cooler",
                tooltip="Lower the temperature: z nearer to the mean"),
        Binding("g", "toggle('from_prior')", "Source", id="samples.source",
                tooltip="Sample from the prior, or from the aggregate posterior"),
    ]  # fmt: skip
    SCOPED_CSS = False
    DEFAULT_CSS = """
    SamplesView Panel, SamplesView #grid, SamplesView LatentBars { height: 1fr; }
    SamplesView #card { display: none; }
    SamplesView.roomy #card { display: block; }
    SamplesView #chosen { height: auto; }
    SamplesView Neighbour { layout: vertical; margin-left: 2; }
    SamplesView Neighbour Pictures { margin-right: 0; }
    """

    seed: var[int] = var(1)
    temperature: var[float] = var(1.0)
    from_prior: var[bool] = var(True)
    size_name: var[str] = var("fitting")
    """One of ``SIZES``."""
    chosen: var[int] = var(0)
    """Index of the digit with the frame."""

    watch_seed = View.redraw
    watch_temperature = View.redraw
    watch_from_prior = View.redraw
    watch_size_name = View.redraw
    watch_chosen = View.redraw
    on_resize = View.redraw

    def compose(self) -> ComposeResult:
        """The grid, and the card of the chosen digit."""
        with Horizontal():
            yield Panel("caption", Pictures(id="grid"), id="samples", is_main=True)
            chosen = Horizontal(Pictures(id="large"), Neighbour(), id="chosen")
            yield Panel("card-caption", chosen, LatentBars(), id="card")

    def sample(self) -> None:
        """Draw new z."""
        self.seed += 1

    def on_pictures_pressed(self, message: Pictures.Pressed) -> None:
        """Choose the digit that was clicked; walk from it after a double click."""
        if message.pictures.id == "grid":
            self.chosen = message.index
            if message.is_double:
                self.action_walk()

    def action_choose(self, columns: int, rows: int) -> None:
        """Move the cursor, but not out of the grid."""
        shape = self._grid()
        row, column = divmod(min(self.chosen, shape.count - 1), shape.columns)
        column = min(max(column + columns, 0), shape.columns - 1)
        row = min(max(row + rows, 0), shape.rows - 1)
        self.chosen = row * shape.columns + column

    def action_walk(self) -> None:
        """Walk from the chosen digit."""
        if self.scene is not None and self.scene.network is not None:
            shape = self._grid()
            chosen = min(self.chosen, shape.count - 1)
            source, settings = self._description()
            origin = f"{source.removesuffix('s')} {chosen + 1}, {settings}"
            self.post_message(
                self.WalkRequested(self._codes(self.scene, shape.count)[chosen], origin)
            )

    def action_next_size(self) -> None:
        """Choose the next size of the digits that changes something."""
        names, before = list(SIZES), self._grid()
        for _ in names:
            self.size_name = names[(names.index(self.size_name) + 1) % len(names)]
            if self._grid() != before:
                break

    def action_heat(self, steps: int) -> None:
        """Change the temperature."""
        place = TEMPERATURES.index(self.temperature) + steps
        self.temperature = TEMPERATURES[min(max(place, 0), len(TEMPERATURES) - 1)]

    def export(self) -> Export | None:
        """Return the grid as a PNG."""
        scene = self.scene
        if scene is None or scene.network is None:
            return None
        network, shape = scene.network, self._grid()
        codes = self._codes(scene, shape.count)
        about = f"{' · '.join(self._description())}, step {network.step}"
        return Export(
            f"samples-seed{self.seed}-step{network.step}.png",
            lambda path: write_digits(path, network.decode(codes), shape.columns, about),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws these samples; None for the aggregate posterior."""
        if self.scene is None or self.scene.network is None or not self.from_prior:
            return None
        return (
            f"vae-tui sample {run} -n {self._grid().count} --seed {self.seed} "
            f"--temperature {self.temperature:g}{self.scene.step_option}"
        )

    def _draw(self, scene: Scene) -> None:
        caption, pictures = self.query_one("#caption", Caption), self.query_one("#grid", Pictures)
        if scene.network is None:
            caption.text = f"[b]Prior samples[/b]: {waiting(scene)}"
            return
        shape = self._grid()
        codes = self._codes(scene, shape.count)
        images = scene.network.decode(codes)
        chosen = min(self.chosen, shape.count - 1)
        pictures.palette, pictures.chosen, pictures.columns = scene.palette, chosen, shape.columns
        pictures.gap, pictures.row_gap, pictures.margins = shape.gap, shape.row_gap, shape.margins
        pictures.pixels, pictures.images = shape.pixels, images
        source, settings = self._description()
        size = f"{shape.pixels}x{shape.pixels} pixels"
        pooled = "" if shape.pixels >= self.image_width else f" · {size}"
        caption.text = (
            f"[b]{source.capitalize()}[/b] · {WEIGHTS} · {settings} · {shape.count} images{pooled}"
        )
        self._draw_card(scene, images[chosen : chosen + 1], codes[chosen])

    def _draw_card(self, scene: Scene, image: Bytes, code: Floats) -> None:
        columns, rows = frame_of(self)
        config = scene.run.config
        room = self.size.width, self.size.height - rows
        sizes = card(*room, self.image_width, config.latent_dim)
        self.set_class(sizes is not None, "roomy")
        if sizes is None:
            return
        self.query_one("#card").styles.width = sizes.width + columns
        large, neighbour = self.query_one("#large", Pictures), self.query_one(Neighbour)
        large.styles.width, large.styles.height = sizes.large, sizes.large // 2
        large.palette, large.pixels, large.images = scene.palette, sizes.large, image
        neighbour.pixels = sizes.small
        neighbour.show(image[0], scene)
        self.query_one(LatentBars).bars = Bars(
            code.tolist(), scene.by_kl, scene.kl, unicode=scene.unicode
        )
        norm = "‖z‖" if scene.unicode else "|z|"
        self.query_one(
            "#card-caption", Caption
        ).text = f"[b]Chosen sample[/b] {norm} {np.linalg.norm(code):.1f}"

    def _grid(self) -> Grid:
        columns, rows = frame_of(self)
        room, height = self.size.width - columns, self.size.height - rows
        latent_dim = self.scene.run.config.latent_dim if self.scene else 0
        beside = card(self.size.width, height, self.image_width, latent_dim)
        if beside is not None:
            room -= beside.width + columns
        return grid(room, height, self.image_width, self.size_name)

    def _description(self) -> tuple[str, str]:
        source = "prior samples" if self._is_prior() else "posterior samples"
        return source, f"temperature {self.temperature:g} · seed {self.seed}"

    def _is_prior(self) -> bool:
        return self.from_prior or self.scene is None or self.scene.probe is None

    def _codes(self, scene: Scene, count: int) -> Floats:
        assert scene.network is not None
        if self._is_prior():
            return samples(scene.network, count, self.seed, self.temperature)
        return aggregate(self.seed, count, *scene.codes, temperature=self.temperature)
