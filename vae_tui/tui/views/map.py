"""View 4: the means of the test digits in two dimensions, and the digit at the cursor."""

import string
from dataclasses import dataclass, replace

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.events import Resize
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.output_file import write
from vae_tui.export.picture_files import map_png, write_digits
from vae_tui.latent.codes import quantiles
from vae_tui.latent.projection import Embedding
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.terminal.class_colours import class_mark
from vae_tui.terminal.tiles import widths
from vae_tui.tui.state.map_plane import MapPlane
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.scatter import Cloud, Scatter, with_bubbles

BUBBLES_PER_CLASS = 4
"""More bubbles would hide each other."""
SCALES = (1, 0.86, 0.71, 0.57)
FAR = 5


class MapView(View):
    """Means as points, their classes shown by colour and mark."""

    TITLE = "Map"
    HELP = (
        "Each digit is the mean of a test image in two dimensions: by PCA, by t-SNE, or by two "
        "dimensions of the code. Beside it, what the point under the cursor decodes to; for t-SNE, "
        "which has no inverse, the nearest mean. A digit key jumps to that class; pressed twice it "
        "opens the view of that number (so does tab). The radius of a bubble is the standard "
        "deviation of q(z|x): the KL keeps bubbles from shrinking and from drifting apart."
    )
    BINDINGS = [
        Binding("up", "move(0, -1)", "Move", key_display="↑↓←→", id="map.up",
                tooltip="Move the cursor; with shift further"),
        *(Binding(f"{shift}{key}", f"move({x * far}, {y * far})", show=False, id=f"map.{name}{key}")
          for shift, far, name in (("", 1, ""), ("shift+", FAR, "far-"))
          for key, x, y in (("up", 0, -1), ("down", 0, 1), ("left", -1, 0), ("right", 1, 0))
          if shift or key != "up"),
        Binding("m", "method", "Method", id="map.method",
                tooltip="Change the method; PCA, t-SNE, two dimensions, the manifold if d = 2"),
        Binding("o", "toggle('bubbles')", "Bubbles", id="map.bubbles",
                tooltip="Show the means with their standard deviations"),
        Binding("enter", "walk", "Walk", id="map.walk", tooltip="Walk from here"),
        Binding("left_square_bracket", "next_dimension(0)", show=False, key_display="[ ]",
                id="map.first", tooltip="Show the next dimension across; ]: the next upwards"),
        Binding("right_square_bracket", "next_dimension(1)", show=False, id="map.second"),
        *(Binding(label, f"jump({label})", show=False, id=f"map.class{label}")
          for label in string.digits),
    ]  # fmt: skip
    SCOPED_CSS = False
    DEFAULT_CSS = """
    MapView Horizontal { height: 1fr; }
    MapView #plane { height: 1fr; }
    MapView Scatter, MapView #manifold { width: 1fr; height: 1fr; }
    MapView #manifold { display: none; }
    MapView.manifold #manifold { display: block; }
    MapView.manifold Scatter { display: none; }
    MapView #side { margin-left: 1; height: 1fr; }
    .framed MapView #side { margin-left: 0; }
    MapView #legend { height: auto; }
    """

    @dataclass
    class EmbeddingRequested(Message):
        """Run t-SNE on codes (N, d), from points (N, 2) if given, and call ``show_embedding``."""

        view: "MapView"
        codes: Floats
        start: Floats | None

    plane: var[MapPlane] = var(MapPlane())
    legend: var[tuple[str, ...]] = var((), init=False)
    """Names of the classes."""
    bubbles: var[bool] = var(False)
    watch_bubbles = View.redraw

    _embedding_step: int | None = None
    """The step of the weights for which t-SNE is being computed; None while it is not."""
    _jumped_to = -1
    """The class of the last key, if it was one that jumps."""

    def compose(self) -> ComposeResult:
        """The map; beside it the digit at the cursor, and the legend."""
        with Horizontal():
            manifold = Pictures(id="manifold")
            manifold.gap = 0
            yield Panel("caption", Scatter(), manifold, id="plane")
            yield Panel("place", Pictures(id="here"), Static(id="legend"), id="side")

    def on_resize(self, event: Resize) -> None:
        """Choose the size of the digit."""
        width, height = event.size
        sizes = widths(self.image_width, *SCALES)
        size = next((s for s in sizes if s <= width // 2.6 and s // 2 <= height - 6), sizes[-1])
        here = self.query_one("#here", Pictures)
        here.pixels, here.styles.height = size, size // 2
        self.query_one("#side").styles.width = size + frame_of(self)[0]
        self.call_after_refresh(self.redraw)

    def on_scatter_clicked(self, message: Scatter.Clicked) -> None:
        """Move the cursor to the mouse."""
        self._move_to(replace(self.plane, cursor=message.point))

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor by cells."""
        self._move_to(self.plane.moved(columns, rows))

    def action_method(self) -> None:
        """Choose the next method."""
        network = self.scene.network if self.scene else None
        self.plane = self.plane.with_next_method(network.latent_dim if network else 0)
        self.redraw()
        self.call_after_refresh(self.redraw)  # scatter or manifold has no size before it is shown

    def action_next_dimension(self, axis: int) -> None:
        """Show the next dimension along an axis."""
        if self.scene is not None and self.scene.network is not None:
            self.plane = self.plane.with_next_dimension(axis, self.scene.network.latent_dim)
            self.redraw()

    def action_jump(self, label: int) -> None:
        """Go to the centre of a class; the second time in a row, to the view of that number."""
        if label == self._jumped_to:
            self._jumped_to = -1
            self.call_later(self.run_action, f"screen.view({label - 1})")
            return
        if self.scene is not None and self.scene.probe is not None:
            self._move_to(self.plane.at_centre_of(self.scene.probe.of_class(label)))
        self._jumped_to = label

    def action_walk(self) -> None:
        """Walk from the cursor."""
        if (here := self._here()) is not None:
            self.post_message(self.WalkRequested(*here))

    def show_embedding(self, embedding: Embedding) -> None:
        """Show a result of t-SNE; request another if the weights have changed meanwhile."""
        step = self._embedding_step
        assert step is not None
        self.plane = replace(self.plane, embedding=embedding, embedding_step=step)
        if embedding.is_done:
            self._embedding_step = None
        self.redraw()

    def export(self) -> Export | None:
        """Return the map, or the manifold, as a PNG."""
        scene, plane = self.scene, self.plane
        if scene is None or scene.network is None or scene.probe is None:
            return None
        step = scene.network.step
        if plane.method == "manifold":
            pictures, columns = self._manifold(scene.network)
            return Export(
                f"manifold-step{step}.png",
                lambda path: write_digits(path, pictures, columns, f"manifold, step {step}"),
            )
        if (points := plane.points) is None:
            return None
        if plane.method == "tsne":
            step = plane.embedding_step
        labels, classes = scene.probe.labels, scene.probe.classes
        about = f"{plane.description}, step {step}"
        return Export(
            f"map-{plane.method}-step{step}.png",
            lambda path: write(path, map_png(points, labels, classes, about)),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws the map."""
        if self.scene is None or self.plane.method not in ("pca", "tsne"):
            return None
        return f"vae-tui map {run} --method {self.plane.method}{self.scene.step_option} -o map.png"

    def _move_to(self, plane: MapPlane) -> None:
        self._jumped_to = -1
        self.plane = plane
        self.redraw()

    def _draw(self, scene: Scene) -> None:
        if scene.network is None or scene.probe is None:
            self.query_one("#caption", Caption).text = waiting(scene)
            return
        self.set_class(self.plane.method == "manifold", "manifold")
        self.plane = self.plane.projected(scene.codes[0])
        means, embedding = scene.codes[0], self.plane.embedding
        is_stale = embedding is None or embedding.codes is not means
        if self.plane.method == "tsne" and is_stale and self._embedding_step is None:
            self._embedding_step = scene.network.step
            start = embedding.points if embedding else None
            self.post_message(self.EmbeddingRequested(self, means, start))
        self.legend = scene.probe.classes
        if self.plane.method == "manifold":
            self._draw_manifold(scene, scene.network)
        else:
            self._draw_cloud(scene, scene.probe)
        if (here := self._here()) is not None:
            pictures = self.query_one("#here", Pictures)
            pictures.palette = scene.palette
            pictures.images = scene.network.decode(here[0][None])
            self.query_one("#place", Caption).text = here[1]

    def _draw_cloud(self, scene: Scene, probe: Probe) -> None:
        scatter, caption = self.query_one(Scatter), self.query_one("#caption", Caption)
        points, (width, height) = self.plane.points, scatter.size
        if points is None or len(points) != len(probe.labels):
            scatter.cloud = None
            caption.text = "t-SNE begins: a few seconds"
            return
        if not width or not height:
            return
        plane = self.plane = self.plane.fitted(width, height)
        assert plane.window is not None
        cloud = Cloud(points, probe.labels, plane.window, plane.cursor, unicode=scene.unicode)
        what, weights = f"[b]{len(points)} means[/b]", WEIGHTS
        if self.bubbles and plane.method != "tsne" and plane.projection is not None:
            classes = range(len(probe.classes))
            chosen = np.concatenate([probe.of_class(c)[:BUBBLES_PER_CLASS] for c in classes])
            cloud = with_bubbles(cloud, chosen, plane.projection.basis, scene.codes[1])
            what = f"[b]{len(chosen)} of {len(points)} means[/b], bubbles of 1 sd"
        scatter.cloud = cloud
        busy = ""
        if plane.method == "tsne":  # of the weights with which it was computed
            weights = f"step {plane.embedding_step:,}"
            busy = " · computing t-SNE" if self._embedding_step is not None else ""
        caption.text = f"{what} · {weights} · {plane.description}{busy}"

    def _draw_manifold(self, scene: Scene, network: Network) -> None:
        pictures = self.query_one("#manifold", Pictures)
        caption = self.query_one("#caption", Caption)
        images, columns = self._manifold(network)
        (width,) = widths(self.image_width, 0.5)
        pictures.palette, pictures.pixels, pictures.columns = scene.palette, width, columns
        pictures.images = images
        caption.text = f"[b]manifold[/b] z through the inverse normal CDF, evenly · {WEIGHTS}"

    def _manifold(self, network: Network) -> tuple[Bytes, int]:
        """Return the decoded grid of the prior's quantiles, and how many are in a row."""
        width, height = self.query_one("#manifold", Pictures).size
        (size,) = widths(self.image_width, 0.5)
        columns, rows = max(width // size, 1), max(height // (size // 2), 1)
        return network.decode(quantiles(columns, rows)), columns

    def _here(self) -> tuple[Floats, str] | None:
        """Return the code (d,) at the cursor and what it is."""
        scene = self.scene
        if scene is None or scene.network is None or scene.probe is None:
            return None
        return self.plane.code_at_cursor(scene.codes[0], scene.probe.labels)

    def watch_legend(self, names: tuple[str, ...]) -> None:
        """Show the marks of the classes, with the names that are not their numbers."""
        words = [
            f"[$class{number % 10}]{class_mark(number)}[/]"
            + ("" if name == str(number) else f" {name}")
            for number, name in enumerate(names)
        ]
        self.query_one("#legend", Static).update("classes " + " ".join(words), layout=True)
