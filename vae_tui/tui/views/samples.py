"""View 2: decoded samples, as many as fit; one is chosen and shown large."""

from dataclasses import dataclass

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import var

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import aggregate, samples
from vae_tui.latent.mixture import Mixture
from vae_tui.latent.posterior import Posteriors
from vae_tui.model.numpy_network import Network
from vae_tui.text import SEPARATOR
from vae_tui.tui.keys.bindings import arrow_keys
from vae_tui.tui.state.cycle import next_of
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.samples_layout import SIZES, Grid, card, grid
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.latent_bars import Bars, LatentBars
from vae_tui.tui.widgets.neighbour import Neighbour
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures

SOURCES = ("prior", "posterior", "mixture")
"""What z is drawn from, in the order of the key that changes it."""
TEMPERATURES = (0.0, 0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)


class SamplesView(View):
    """A grid of samples; the same z are decoded again with newer weights."""

    TITLE = "Samples"
    HELP = (
        "Each image is a z drawn from the prior N(0, I), times the temperature, decoded. The same "
        "z are decoded with newer weights, so that the same images sharpen. From the aggregate "
        "posterior, z is drawn from q(z|x) of a random test image, as in training. "
        "The more the two look alike, the better the aggregate posterior matches the prior. "
        "The third source is a mixture of Gaussians fitted to draws from the aggregate posterior: "
        "new images from the same network, which an auto-encoder cannot draw from the prior. "
        "From 120 columns on, a card shows the chosen image: its code z with the length ‖z‖ (a "
        "draw from the prior has about the square root of the number of dimensions), and the test "
        "image nearest to it in pixels; err is their squared difference, summed over pixels from "
        "0 (black) to 1 (white). A sample that is no copy differs from all of them."
    )
    BINDINGS = [
        *arrow_keys("samples", "choose", "Choose", "Choose an image; so does a click"),
        Binding("enter", "walk", "Walk", key_display="enter", id="samples.walk",
                tooltip="Walk from the chosen image; so does a double click"),
        Binding("w", "app.run('draw')", "Draw", id="samples.draw",
                tooltip="Draw an image by hand; see its code and reconstruction"),
        Binding("z", "next_size", "Size", id="samples.size",
                tooltip="Images as large as fit, in full size, or in half size"),
        Binding("plus,equals_sign", "heat(1)", "Hotter", key_display="+", id="samples.hotter",
                tooltip="Raise the temperature: z further from the mean"),
        Binding("minus", "heat(-1)", "Cooler", key_display="-", id="samples.cooler",
                tooltip="Lower the temperature: z nearer to the mean"),
        Binding("g", "next_source", "Source", id="samples.source",
                tooltip="Sample from the prior, the aggregate posterior, or a mixture of Gaussians "
                "fitted to the codes"),
        Binding("left_square_bracket", "turn(-1)", show=False, key_display="[ ]",
                id="samples.back", tooltip="Show other dimensions of the chosen image; so does "
                "the mouse wheel"),
        Binding("right_square_bracket", "turn(1)", show=False, id="samples.further"),
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

    @dataclass
    class MixtureRequested(Message):
        """Fit a mixture to the posteriors of a network; call ``show_mixture`` with both."""

        view: "SamplesView"
        network: Network
        posteriors: Posteriors

    seed: var[int] = var(1)
    temperature: var[float] = var(1.0)
    source: var[str] = var(SOURCES[0])
    size_name: var[str] = var("fitting")
    """One of ``SIZES``."""
    chosen: var[int] = var(0)
    """Index of the image with the frame."""

    watch_seed = View.redraw
    watch_temperature = View.redraw
    watch_source = View.redraw
    watch_size_name = View.redraw
    watch_chosen = View.redraw
    on_resize = View.redraw

    _fitted: tuple[Network, Mixture] | None = None
    """The newest mixture, and the weights whose codes it was fitted to."""
    _is_fitting = False

    def compose(self) -> ComposeResult:
        """The grid, and the card of the chosen image."""
        with Horizontal():
            yield Panel("caption", Pictures(id="grid"), id="samples", is_main=True)
            chosen = Horizontal(Pictures(id="large"), Neighbour(), id="chosen")
            yield Panel("card-caption", chosen, LatentBars(), id="card")

    def sample(self) -> None:
        """Draw new z."""
        self.seed += 1

    def on_pictures_pressed(self, message: Pictures.Pressed) -> None:
        """Choose the image that was clicked; walk from it after a double click."""
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
        """Walk from the chosen image."""
        if self.scene is not None and self.scene.network is not None:
            shape = self._grid()
            chosen = min(self.chosen, shape.count - 1)
            source, settings = self._description()
            origin = f"{source.removesuffix('s')} {chosen + 1}{SEPARATOR}{settings}"
            code = self._samples(self.scene, shape.count)[1][chosen]
            self.post_message(self.WalkRequested(code, origin))

    def action_next_size(self) -> None:
        """Choose the next size of the images that changes something."""
        names, before = list(SIZES), self._grid()
        for _ in names:
            self.size_name = next_of(names, self.size_name)
            if self._grid() != before:
                break

    def action_turn(self, columns: int) -> None:
        """Show other bars of the card."""
        self.query_one(LatentBars).turn(columns)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer other bars only where not all fit on the card."""
        if action != "turn":
            return super().check_action(action, parameters)
        return self.has_class("roomy") and self.query_one(LatentBars).can_turn

    def action_heat(self, steps: int) -> None:
        """Change the temperature."""
        place = TEMPERATURES.index(self.temperature) + steps
        self.temperature = TEMPERATURES[min(max(place, 0), len(TEMPERATURES) - 1)]

    def action_next_source(self) -> None:
        """Draw z from the next source."""
        self.source = next_of(SOURCES, self.source)

    def show_mixture(self, network: Network, mixture: Mixture) -> None:
        """Show samples of a mixture that was fitted; request another for newer weights."""
        self._fitted, self._is_fitting = (network, mixture), False
        self.redraw()

    def export(self) -> Export | None:
        """Return the grid as a PNG."""
        scene = self.scene
        if scene is None or scene.network is None:
            return None
        shape, source = self._grid(), self._source
        network, codes = self._samples(scene, shape.count)
        name = "samples" if source == SOURCES[0] else f"{source}-samples"
        about = f"{' · '.join(self._description())}, step {network.step}"
        return Export(
            f"{name}-seed{self.seed}-step{network.step}.png",
            lambda path: write_digits(path, network.decode(codes), shape.columns, about),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws these samples."""
        if self.scene is None or self.scene.network is None:
            return None
        source = "" if self._source == SOURCES[0] else f" --source {self._source}"
        return (
            f"vae-tui sample {run} -n {self._grid().count} --seed {self.seed} "
            f"--temperature {self.temperature:g}{source}{self.scene.step_option}"
        )

    def _draw(self, scene: Scene) -> None:
        caption, pictures = self.query_one("#caption", Caption), self.query_one("#grid", Pictures)
        if scene.network is None:
            caption.text = f"[b]Prior samples[/b]: {waiting(scene)}"
            return
        shape = self._grid()
        self._request_mixture(scene)
        network, codes = self._samples(scene, shape.count)
        images = network.decode(codes)
        chosen = min(self.chosen, shape.count - 1)
        pictures.palette, pictures.chosen, pictures.columns = scene.palette, chosen, shape.columns
        pictures.gap, pictures.row_gap, pictures.margins = shape.gap, shape.row_gap, shape.margins
        pictures.pixels, pictures.images = shape.pixels, images
        source, settings = self._description()
        size = f"{shape.pixels}x{shape.pixels} pixels"
        pooled = "" if shape.pixels >= self.image_width else f" · {size}"
        weights = WEIGHTS if network is scene.network else f"step {network.step:,}"
        fitting = " · [news]fitting a mixture[/]" if self._is_fitting and not self._fitted else ""
        caption.text = (
            f"[b]{source.capitalize()}[/b]{fitting} · {weights} · {settings} · "
            f"{shape.count} images{pooled}"
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
        bars = self.query_one(LatentBars)
        bars.bars = Bars(code.tolist(), scene.by_kl, scene.kl, unicode=scene.unicode)
        self.call_after_refresh(self._name_turning_keys)  # once the bars have their size
        norm = "‖z‖" if scene.unicode else "|z|"
        self.query_one(
            "#card-caption", Caption
        ).text = f"[b]Chosen sample[/b] {norm} {np.linalg.norm(code):.1f}"

    def _name_turning_keys(self) -> None:
        if (bars := self.query_one(LatentBars)).can_turn:
            bars.hint = f" · {self.key_of('samples.back')}"

    def _grid(self) -> Grid:
        columns, rows = frame_of(self)
        room, height = self.size.width - columns, self.size.height - rows
        latent_dim = self.scene.run.config.latent_dim if self.scene else 0
        beside = card(self.size.width, height, self.image_width, latent_dim)
        if beside is not None:
            room -= beside.width + columns
        return grid(room, height, self.image_width, self.size_name)

    def _description(self) -> tuple[str, str]:
        return f"{self._source} samples", f"temperature {self.temperature:g} · seed {self.seed}"

    @property
    def _source(self) -> str:
        """What is shown: the chosen source, unless it lacks test images or a fitted mixture."""
        if self.scene is None or self.scene.probe is None:
            return "prior"
        return "posterior" if self.source == "mixture" and not self._fitted else self.source

    def _samples(self, scene: Scene, count: int) -> tuple[Network, Floats]:
        """Return the network that decodes the samples, and their codes (count, d).

        The network is older than the scene's until a mixture has been fitted to newer codes.
        """
        assert scene.network is not None
        if self._source == "mixture" and self._fitted is not None:
            network, mixture = self._fitted
            return network, mixture.draw(self.seed, count, self.temperature)
        if self._source == "posterior" and (encoded := scene.encoded):
            codes = aggregate(self.seed, count, encoded.posteriors, self.temperature)
            return scene.network, codes
        return scene.network, samples(scene.network, count, self.seed, self.temperature)

    def _request_mixture(self, scene: Scene) -> None:
        """Request a mixture for the scene's weights if one is shown and it is of others."""
        encoded = scene.encoded
        if self.source != "mixture" or self._is_fitting or encoded is None:
            return
        if self._fitted is None or self._fitted[0] is not encoded.network:
            self._is_fitting = True
            self.post_message(self.MixtureRequested(self, encoded.network, encoded.posteriors))
