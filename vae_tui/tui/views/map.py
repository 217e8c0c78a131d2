"""View 4: the means of the test images in two dimensions, and the digit at the cursor."""

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import Resize
from textual.message import Message
from textual.reactive import var

from vae_tui.arrays import Floats
from vae_tui.export.output_file import write
from vae_tui.export.picture_files import map_png, write_digits
from vae_tui.latent.codes import quantiles
from vae_tui.latent.projection import Embedding
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.text import SEPARATOR
from vae_tui.tui.keys.bindings import arrow_keys
from vae_tui.tui.state.map_plane import CodeAtCursor, MapPlane
from vae_tui.tui.state.scene import EncodedProbe, Scene
from vae_tui.tui.views.map_content import class_list, cloud_of, decoded_grid, neighbours
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.map.class_grid import ClassGrid
from vae_tui.tui.widgets.map.manifold import Manifold, grid_for
from vae_tui.tui.widgets.map.scatter import Scatter
from vae_tui.tui.widgets.map.side import AtCursor, MapSide
from vae_tui.tui.widgets.panel import Panel

FAR = 5
"""Cells of a move with shift."""
PROGRESS_MARKS = 4
NAME = "[b]Map of test images[/b]"


class MapView(View):
    """Means as points, their classes shown by colour and mark."""

    TITLE = "Map"
    HELP = (
        "Each mark is the mean of a test image in two dimensions: by PCA, by t-SNE, or by two "
        "dimensions of the code. A large mark is at the median of its class. Beside the map: "
        "what the point under the cursor decodes to, the nearest test image, and the mean code of "
        "each class, decoded. t-SNE has no inverse: there the nearest mean is decoded. The radius "
        "of a bubble is the standard deviation of q(z|x): the KL keeps bubbles from shrinking and "
        "from drifting apart. The same weights always give the same PCA."
    )
    BINDINGS = [
        *arrow_keys("map", "move", "Move",
                    "Move the cursor; with shift further; a double click walks", FAR),
        Binding("n", "next_class(1)", "Class", key_display="n N", id="map.next-class",
                tooltip="Go to the centre of the next class, or of the previous one"),
        Binding("N", "next_class(-1)", show=False, id="map.previous-class"),
        Binding("m", "method", "Method", id="map.method",
                tooltip="Change the method; PCA, t-SNE, two dimensions, the manifold if d = 2"),
        Binding("o", "toggle('bubbles')", "Bubbles", id="map.bubbles",
                tooltip="Show the means with their standard deviations"),
        Binding("l", "toggle('named')", "Labels", id="map.labels",
                tooltip="Show the names of the classes, or hide them"),
        Binding("enter", "walk", "Walk", key_display="enter", id="map.walk",
                tooltip="Walk from here"),
        Binding("left_square_bracket", "next_dimension(0)", show=False, key_display="[ ]",
                id="map.first", tooltip="Show the next dimension across, or upwards"),
        Binding("right_square_bracket", "next_dimension(1)", show=False, id="map.second"),
    ]  # fmt: skip
    SCOPED_CSS = False
    DEFAULT_CSS = """
    MapView Horizontal { height: 1fr; }
    MapView #plane { height: 1fr; }
    MapView Scatter, MapView Manifold { width: 1fr; height: 1fr; }
    MapView Manifold { display: none; }
    MapView.manifold Manifold { display: block; }
    MapView.manifold Scatter { display: none; }
    """

    @dataclass
    class EmbeddingRequested(Message):
        """Run t-SNE on codes (N, d), from points (N, 2) if given, and call ``show_embedding``."""

        view: "MapView"
        codes: Floats
        start: Floats | None

    plane: var[MapPlane] = var(MapPlane())
    bubbles: var[bool] = var(False)
    named: var[bool] = var(True)
    watch_bubbles = View.redraw
    watch_named = View.redraw

    _embedding_step: int | None = None
    """The step of the weights for which t-SNE is being computed; None while it is not."""
    _listed: tuple[Network, Probe] | None = None
    """What the classes are shown of: decoding their means again for each key would be slow."""

    def compose(self) -> ComposeResult:
        """The map; beside it the digit at the cursor, and the classes."""
        with Horizontal():
            yield Panel("caption", Scatter(), Manifold(), id="plane", is_main=True)
            yield MapSide()

    def on_resize(self, event: Resize) -> None:
        """Choose the sizes of the digits."""
        self.query_one(MapSide).fit(*event.size, self.image_width)

    on_sized_by_view_resized = View.redraw

    def on_scatter_clicked(self, message: Scatter.Clicked) -> None:
        """Move the cursor to the mouse; walk from there at a double click."""
        self._move_to(replace(self.plane, cursor=message.point))
        if message.is_double:
            self.action_walk()

    def on_manifold_clicked(self, message: Manifold.Clicked) -> None:
        """Move the cursor to the digit; walk from there at a double click."""
        self._move_to(self.plane.at_digit(message.column, message.row))
        if message.is_double:
            self.action_walk()

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor by cells."""
        self._move_to(self.plane.moved(columns, rows))

    def action_method(self) -> None:
        """Choose the next method."""
        network = self.scene.network if self.scene else None
        self.plane = self.plane.with_next_method(network.latent_dim if network else 0)
        self.redraw()

    def action_next_dimension(self, axis: int) -> None:
        """Show the next dimension along an axis."""
        if self.scene is not None and self.scene.network is not None:
            self.plane = self.plane.with_next_dimension(axis, self.scene.network.latent_dim)
            self.redraw()

    def action_next_class(self, steps: int) -> None:
        """Move the cursor to the centre of the next class, or of the previous one."""
        if self.scene is not None and (encoded := self.scene.encoded):
            labels, means = encoded.probe.labels, encoded.means
            self._move_to(self.plane.at_next_class(labels, means, steps))

    def action_walk(self) -> None:
        """Walk from the cursor."""
        if (here := self._here()) is not None:
            self.post_message(self.WalkRequested(here.code, here.text))

    def show_embedding(self, embedding: Embedding) -> None:
        """Show a result of t-SNE; request another if the weights have changed meanwhile."""
        step = self._embedding_step
        assert step is not None
        self.plane = self.plane.with_embedding(embedding, step)
        if embedding.is_done:
            self._embedding_step = None
        self.redraw()

    def export(self) -> Export | None:
        """Return the map, or the manifold, as a PNG."""
        scene, plane = self.scene, self.plane
        if scene is None or (encoded := scene.encoded) is None:
            return None
        step = encoded.network.step
        if plane.method == "manifold":
            columns, rows = plane.grid
            decode, about = encoded.network.decode, f"manifold, step {step}"
            return Export(
                f"manifold-step{step}.png",
                lambda path: write_digits(path, decode(quantiles(columns, rows)), columns, about),
            )
        if (points := plane.points) is None:
            return None
        if plane.is_embedded:
            step = plane.embedding_step
        labels, classes = encoded.probe.labels, encoded.probe.classes
        about = f"{plane.description}, step {step}"
        return Export(
            f"map-{'tsne' if plane.is_embedded else plane.method}-step{step}.png",
            lambda path: write(path, map_png(points, labels, classes, about)),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws the map."""
        if self.scene is None or self.plane.method not in ("pca", "tsne"):
            return None
        return f"vae-tui map {run} --method {self.plane.method}{self.scene.step_option} -o map.png"

    def _move_to(self, plane: MapPlane) -> None:
        self.plane = plane
        self.redraw()

    def _here(self) -> CodeAtCursor | None:
        """Return what is at the cursor."""
        encoded = self.scene.encoded if self.scene else None
        return self.plane.at_cursor(encoded.means) if encoded else None

    def _draw(self, scene: Scene) -> None:
        if (encoded := scene.encoded) is None:
            self.query_one("#caption", Caption).text = f"{NAME}: {waiting(scene)}"
            return
        self.set_class(self.plane.method == "manifold", "manifold")
        self.plane = self.plane.projected(encoded.means)
        self._request_embedding(encoded.means, encoded.network.step)
        if self.plane.method == "manifold":
            self._draw_manifold(scene, encoded.network)
        else:
            self._draw_cloud(scene, encoded)
        self._draw_side(scene, encoded)

    def _request_embedding(self, means: Floats, step: int) -> None:
        """Request t-SNE of these codes if it is shown, of others, and not being computed."""
        embedding = self.plane.embedding
        is_stale = embedding is None or embedding.codes is not means
        if self.plane.method == "tsne" and is_stale and self._embedding_step is None:
            self._embedding_step = step
            start = embedding.points if embedding else None
            self.post_message(self.EmbeddingRequested(self, means, start))

    def _draw_side(self, scene: Scene, encoded: EncodedProbe) -> None:
        """Draw the classes, or without them the nearest test images, and what is at the cursor."""
        network, probe = encoded.network, encoded.probe
        here, has_classes = self._here(), len(probe.classes) > 1
        if has_classes and self._listed != (network, probe):
            self._listed = network, probe
            self.query_one(ClassGrid).content = class_list(encoded, scene.palette)
        if here is None:
            return
        if not has_classes:
            self.query_one(ClassGrid).content = neighbours(scene, probe, here.nearest[1:])
        index = int(here.nearest[0])
        digits = network.decode(here.code[None]), probe.images[[index]]
        name, side = probe.class_name(index), self.query_one(MapSide)
        side.digits = AtCursor(*digits, here.text, index, name, scene.palette)

    def _draw_cloud(self, scene: Scene, encoded: EncodedProbe) -> None:
        scatter, labels = self.query_one(Scatter), encoded.probe.labels
        points, (width, height) = self.plane.points, scatter.size
        if points is None or len(points) != len(labels) or not width or not height:
            return
        plane = self.plane = self.plane.fitted(width, height, labels)
        cloud = cloud_of(
            encoded, plane, bubbles=self.bubbles, named=self.named, unicode=scene.unicode
        )
        scatter.cloud = cloud
        # t-SNE shows the weights with which it was computed.
        weights = f"step {plane.embedding_step:,}" if plane.is_embedded else WEIGHTS
        # Where there is no room for the share of the variance, the method stays.
        parts = [NAME, weights, *plane.description.rsplit(", ", 1)]
        if cloud.outlines is None:
            parts.append(f"{len(points):,} means")
        else:
            parts.insert(2, "bubbles of 1 sd")
            parts.append(f"{len(cloud.points)} of {len(points):,} means")
        if plane.method == "tsne" and self._embedding_step is not None:
            is_begun = plane.embedding_step == self._embedding_step
            done = plane.embedding.progress if plane.embedding and is_begun else 0.0
            parts.insert(1, _progress(done, scene.unicode))
        self.query_one("#caption", Caption).text = SEPARATOR.join(parts)

    def _draw_manifold(self, scene: Scene, network: Network) -> None:
        manifold = self.query_one(Manifold)
        if not manifold.size.width:
            return  # not laid out yet
        columns, rows, size = grid_for(*manifold.size)
        self.plane = replace(self.plane, grid=(columns, rows))
        manifold.content = decoded_grid(scene, network, self.plane, size)
        self.query_one("#caption", Caption).text = (
            f"[b]Manifold[/b] · {WEIGHTS} · z1 across, z2 upwards · {columns} x {rows} images, "
            "evenly spaced in the prior's probability"
        )


def _progress(share: float, unicode: bool) -> str:
    done = round(share * PROGRESS_MARKS)
    full, rest = ("●", "○") if unicode else ("#", "-")
    return f"[news]computing t-SNE {full * done}{rest * (PROGRESS_MARKS - done)}[/]"
