"""``w``: an image drawn by hand, and beside it what the network makes of it."""

from dataclasses import dataclass

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.events import Resize
from textual.reactive import var
from textual.widgets import Static

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.drawing import COLOURS, Point, canvas, centred, coloured_stroke, stroke
from vae_tui.latent.nearest import nearest
from vae_tui.latent.posterior import infer
from vae_tui.latent.projection import Projection, pca
from vae_tui.model.numpy_network import Network
from vae_tui.tui.dialogs import draw_words
from vae_tui.tui.dialogs.dialog import Dialog
from vae_tui.tui.dialogs.draw_layout import draw_layout
from vae_tui.tui.dialogs.draw_map import cloud_around
from vae_tui.tui.keys import active_keys
from vae_tui.tui.keys.bindings import arrow_keys
from vae_tui.tui.state.cycle import next_of
from vae_tui.tui.state.map_plane import window_for
from vae_tui.tui.state.scene import EncodedProbe, Scene
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.frame.key_bar import KeyBar
from vae_tui.tui.widgets.latent_bars import Bars, LatentBars
from vae_tui.tui.widgets.map.scatter import Scatter
from vae_tui.tui.widgets.pad import Pad
from vae_tui.tui.widgets.pictures import Pictures

FAR = 4
"""Pixels of a move with shift."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A drawing, and how it is given to the network."""

    image: Bytes
    """uint8 (H, W), (H, W, 3) in colour."""
    is_centred: bool = True


class DrawDialog(Dialog[Floats | None]):
    """Fills the screen; closes with the mean (d,) of the drawing's posterior, or with None."""

    BINDINGS = [
        *arrow_keys("draw", "move", "Move", "Move the pen; with shift further", FAR),
        Binding("space", "pen", "Pen", id="draw.pen", tooltip="Put the pen down, or lift it"),
        Binding("u", "undo", "Undo", id="draw.undo", tooltip="Remove the last stroke"),
        Binding("k", "next_colour", "Colour", id="draw.colour",
                tooltip="Draw in the next colour, on a run of colour images"),
        Binding("backspace,delete", "clear", "Clear", key_display="backspace", id="draw.clear",
                tooltip="Remove everything"),
        Binding("c", "centre", "Centre", id="draw.centre",
                tooltip="Centre by mass, as the images that the network has seen, or do not"),
        Binding("enter", "accept", "Walk", key_display="enter", id="draw.walk",
                tooltip="Walk from the drawing's code"),
        Binding("escape", "dismiss", "Close", key_display="esc", id="draw.close",
                tooltip="Close; the drawing is kept"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    DrawDialog > Vertical {
        width: 100%; max-width: 100%; height: 100%; padding: 0 1; background: $background;
        border-title-color: $foreground;
    }
    DrawDialog #parts { height: 1fr; }
    DrawDialog #parts > * { position: absolute; }
    DrawDialog Pad { border: round $rule; border-subtitle-color: $quiet; }
    DrawDialog Pad.down { border: round $accent; border-subtitle-color: $foreground; }
    DrawDialog #labels, DrawDialog #facts, DrawDialog #map-label { color: $quiet; }
    """

    scene: var[Scene | None] = var(None)
    """Has a network and test images; newer weights read the drawing again."""
    known: var[tuple[Network, Floats] | None] = var(None)
    """A network, and the energies that it gives the test images, (N,)."""

    def __init__(self, scene: Scene, drawn: Drawn | None = None) -> None:
        """Continue a drawing, or begin one."""
        super().__init__()
        assert scene.probe is not None
        config = scene.run.config
        self._shape = config.image_shape
        self._canvas = canvas(scene.probe.images)
        self._ground = int(self._canvas.flat[0])
        self._colour = "black" if self._ground else "white"
        if drawn is None or drawn.image.shape != self._canvas.shape:
            drawn = Drawn(self._canvas, is_centred=not config.data_checksum)
        self.drawn = drawn
        self._earlier: list[Bytes] = []
        """The images before each stroke."""
        self._is_due = False
        self._parts = draw_layout(80, 24, self._shape, config.latent_dim)
        self._plane: tuple[Network, Projection] | None = None
        """The projection of the test images' means, and the weights it is of."""
        self.set_reactive(DrawDialog.scene, scene)

    def compose(self) -> ComposeResult:
        """Yield the parts, which `on_resize` puts in their places, and the keys."""
        with Vertical() as box:
            is_own = self.scene is not None and self.scene.run.config.data_checksum
            box.border_title = "Draw an image" if is_own else "Draw a digit"
            with Container(id="parts"):
                yield Pad(id="pad")
                yield Drawing(id="labels")
                yield Pictures(id="pictures")
                yield Drawing(id="facts")
                yield LatentBars(id="bars")
                yield Static("test images by PCA, + drawing", id="map-label")
                yield Scatter(id="map")
            yield KeyBar()

    def on_mount(self) -> None:
        """Put the pen in the middle."""
        pad = self.query_one(Pad)
        pad.cursor = self._shape.width // 2, self._shape.height // 2
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_keys())
        self._show_keys()

    def on_resize(self, event: Resize) -> None:
        """Put the parts in their places."""
        width, height = event.size
        assert self.scene is not None
        latent_dim = self.scene.run.config.latent_dim
        found = draw_layout(width - 4, height - 3, self._shape, latent_dim)
        for part, region in (
            ("#pad", found.pad), ("#labels", found.labels), ("#pictures", found.pictures),
            ("#facts", found.facts), ("#bars", found.bars), ("#map", found.map),
            ("#map-label", found.map_label),
        ):  # fmt: skip
            styles = self.query_one(part).styles
            styles.offset = region.x, region.y
            styles.width, styles.height = region.width, region.height
        self.query_one("#map-label").display = found.map_label.height > 0
        pad, pictures = self.query_one(Pad), self.query_one("#pictures", Pictures)
        pad.pixels = found.pad.width - 2
        pictures.pixels = found.pixels
        self._parts = found
        self.call_after_refresh(self._evaluate)

    def watch_scene(self) -> None:
        """Read the drawing with newer weights."""
        self._evaluate_soon()

    watch_known = watch_scene

    def on_pad_stroked(self, message: Pad.Stroked) -> None:
        """Draw with the mouse."""
        if message.begins:
            self._earlier.append(self.drawn.image)
        self._draw_stroke(message.start, message.end, erase=message.erase)
        self.query_one(Pad).cursor = self._inside(*map(int, message.end))

    def action_move(self, columns: int, rows: int) -> None:
        """Move the pen, which draws if it is down."""
        pad = self.query_one(Pad)
        x, y = pad.cursor
        pad.cursor = self._inside(x + columns, y + rows)
        if pad.is_down:
            self._draw_stroke((x + 0.5, y + 0.5), _centre(pad.cursor))

    def action_pen(self) -> None:
        """Put the pen down, which draws a point, or lift it."""
        pad = self.query_one(Pad)
        pad.is_down = not pad.is_down
        if pad.is_down:
            self._earlier.append(self.drawn.image)
            self._draw_stroke(_centre(pad.cursor), _centre(pad.cursor))
        self._evaluate_soon()

    def action_next_colour(self) -> None:
        """Draw in the next colour."""
        self._colour = next_of(list(COLOURS), self._colour)
        self._evaluate_soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer colours only for runs of colour images."""
        if action == "next_colour" and self._canvas.ndim == 2:
            return False
        return super().check_action(action, parameters)

    def action_undo(self) -> None:
        """Remove the last stroke."""
        if self._earlier:
            self._show(Drawn(self._earlier.pop(), self.drawn.is_centred))

    def action_clear(self) -> None:
        """Remove everything."""
        if not self._is_empty:
            self._earlier.append(self.drawn.image)
            self._show(Drawn(self._canvas, self.drawn.is_centred))

    def action_centre(self) -> None:
        """Centre what the network sees, or do not."""
        self._show(Drawn(self.drawn.image, not self.drawn.is_centred))

    def action_accept(self) -> None:
        """Close with the mean; nothing happens while nothing is drawn."""
        network = self.scene.network if self.scene else None
        if network is not None and not self._is_empty:
            self.dismiss(network.encode(self._seen()[0][None])[0][0])

    def _inside(self, x: int, y: int) -> tuple[int, int]:
        """Return the pixel of the image that is nearest to this one."""
        return min(max(x, 0), self._shape.width - 1), min(max(y, 0), self._shape.height - 1)

    def _draw_stroke(self, start: Point, end: Point, *, erase: bool = False) -> None:
        image = self.drawn.image
        if image.ndim == 2:
            image = stroke(image, start, end, is_black=erase != bool(self._ground))
        else:
            name = ("white" if self._ground else "black") if erase else self._colour
            image = coloured_stroke(image, start, end, COLOURS[name])
        self._show(Drawn(image, self.drawn.is_centred))

    def _show(self, drawn: Drawn) -> None:
        self.drawn = drawn
        self.query_one(Pad).images = drawn.image[None]
        self._evaluate_soon()

    @property
    def _is_empty(self) -> bool:
        return bool((self.drawn.image == self._canvas).all())

    def _seen(self) -> tuple[Bytes, tuple[int, int]]:
        """Return what the network sees, and by how much it was moved."""
        image = self.drawn.image
        return centred(image, self._ground) if self.drawn.is_centred else (image, (0, 0))

    def _evaluate_soon(self) -> None:
        """Read the drawing once the events that have already arrived are drawn too."""
        if not self._is_due:
            self._is_due = True
            self.call_later(self._evaluate)

    def _evaluate(self) -> None:
        self._is_due = False
        scene = self.scene
        if not self.is_active or scene is None or (encoded := scene.encoded) is None:
            return
        network, probe = encoded.network, encoded.probe
        pad = self.query_one(Pad)
        pad.palette, pad.images = scene.palette, self.drawn.image[None]
        pad.set_class(pad.is_down, "down")
        pen = f"pen {'down' if pad.is_down else 'up'}"
        pad.border_subtitle = pen if self._canvas.ndim == 2 else f"{pen} · {self._colour}"
        seen, moved = self._seen()
        found = infer(network, seen, scene.run.config.reconstruction)
        self._show_map(encoded, found.mean, unicode=scene.unicode)
        pictures, labels = self.query_one("#pictures", Pictures), self.query_one("#labels", Drawing)
        facts, bars = self.query_one("#facts", Drawing), self.query_one(LatentBars)
        if self._is_empty:
            pictures.images, bars.bars = pictures.images[:0], Bars()
            labels.show_text([])
            facts.show_text(draw_words.prompt(facts.size.width))
            return
        index, error = nearest(probe, seen)
        count = self._parts.count
        shown = [found.reconstruction, found.error, probe.images[index], seen][:count]
        pictures.palette, pictures.columns = scene.palette, count
        pictures.images = np.stack(shown)
        labels.show_text([draw_words.labels(count, pictures.pixels + pictures.gap)])
        energies = self.known[1] if self.known and self.known[0] is network else None
        shift = moved if self.drawn.is_centred else None
        facts.show_text(draw_words.facts(scene, found, energies, (index, error), shift, facts.size))
        deviations = found.deviation.tolist() if scene.run.config.model == "vae" else ()
        bars.bars = Bars(
            found.mean.tolist(), scene.by_kl, found.kl.tolist(),
            unicode=scene.unicode, deviations=deviations,
        )  # fmt: skip

    def _show_map(self, encoded: EncodedProbe, mean: Floats, *, unicode: bool) -> None:
        """Show the means of the test images, and the drawing's as a cursor within the window."""
        scatter = self.query_one(Scatter)
        width, height = scatter.size
        if not width or not height:
            return
        if self._plane is None or self._plane[0] is not encoded.network:
            self._plane = encoded.network, pca(encoded.means)
        window = window_for(self._plane[1].points, width, height)
        labels = encoded.probe.labels
        scatter.cloud = cloud_around(mean, self._plane[1], labels, window, unicode=unicode)

    def _show_keys(self) -> None:
        bindings = active_keys.bindings_of(self, self)
        self.query_one(KeyBar).hints = active_keys.hints(self.app, bindings, {})


def _centre(pixel: tuple[int, int]) -> Point:
    return pixel[0] + 0.5, pixel[1] + 0.5
