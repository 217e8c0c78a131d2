"""View 4: the means of the test digits in two dimensions, and the digit where the cursor is."""

import string
from collections.abc import Sequence
from typing import Any

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.map_picture import map_png
from vae_tui.export.output_file import write
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import quantiles
from vae_tui.latent.projection import Embedding, Projection, on_dimensions, pca
from vae_tui.terminal.class_colours import class_colour, class_mark
from vae_tui.terminal.tiles import widths
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.bubbles import with_bubbles
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.scatter import Cloud, Scatter, Window, window_for

METHODS = ("pca", "tsne", "dimensions", "manifold")
"""The last only of two latent dimensions."""
BUBBLES_OF_CLASS = 4
"""So many test digits of each class get a bubble: more hide each other."""
SCALES = (1, 0.86, 0.71, 0.57)
FAR = 5


class MapView(View):
    """Means as points, classes by colour and figure."""

    TITLE = "Map"
    HELP = (
        "Each figure is a test digit's mean, put into two dimensions: by PCA, by t-SNE, or on two "
        "of the code's own dimensions. Beside it, what the place under the cursor decodes to; with "
        "t-SNE, which has no way back, the nearest digit's mean. A digit key jumps to that class; "
        "pressed twice it brings up the view of that number (so does tab). Bubbles have the "
        "standard deviation of q(z|x) as radius: the KL keeps them from shrinking and from "
        "running apart."
    )
    BINDINGS = [
        Binding("up", "move(0, -1)", "Move", key_display="↑↓←→", id="map.up",
                tooltip="Move the cursor; with shift further"),
        *(Binding(f"{shift}{key}", f"move({x * far}, {y * far})", show=False, id=f"map.{name}{key}")
          for shift, far, name in (("", 1, ""), ("shift+", FAR, "far-"))
          for key, x, y in (("up", 0, -1), ("down", 0, 1), ("left", -1, 0), ("right", 1, 0))
          if shift or key != "up"),
        Binding("m", "method", "Method", id="map.method",
                tooltip="PCA, t-SNE, two dimensions, and of d = 2 the manifold"),
        Binding("o", "turn_bubbles", "Bubbles", id="map.bubbles",
                tooltip="Means with their standard deviation"),
        Binding("enter", "walk", "Walk", id="map.walk", tooltip="Walk from here"),
        Binding("left_square_bracket", "other_dimension(0)", show=False, key_display="[ ]",
                id="map.first", tooltip="With two dimensions: another one across, or upwards"),
        Binding("right_square_bracket", "other_dimension(1)", show=False, id="map.second"),
        *(Binding(label, f"jump({label})", show=False, id=f"map.class{label}")
          for label in string.digits),
    ]  # fmt: skip
    DEFAULT_CSS = """
    MapView Horizontal { height: 1fr; }
    MapView Scatter { width: 1fr; }
    MapView #manifold { width: 1fr; display: none; }
    MapView.manifold #manifold { display: block; }
    MapView.manifold Scatter { display: none; }
    MapView #side { margin-left: 1; }
    MapView #place { height: 1; }
    MapView #legend { height: auto; }
    """

    class EmbeddingRequested(Message):
        """Somebody should run t-SNE on these codes and tell ``show_embedding``."""

        def __init__(self, view: "MapView", codes: Floats, start: Floats | None) -> None:
            super().__init__()
            self.view = view
            self.codes = codes
            self.start = start

    class WalkRequested(Message):
        """The user wants to walk from a code (d,)."""

        def __init__(self, code: Floats, origin: str) -> None:
            super().__init__()
            self.code = code
            self.origin = origin

    method: var[str] = var("pca")
    bubbles: var[bool] = var(False)
    cursor: var[tuple[float, float]] = var((0.0, 0.0))

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._projection: Projection | None = None
        self._embedding: Embedding | None = None
        self._is_embedding = False
        self._window: Window | None = None
        self._dimensions: tuple[int, int] | None = None
        self._jumped_to = -1

    def compose(self) -> ComposeResult:
        """The map; at its side the digit at the cursor, and the legend."""
        yield Caption(id="caption")
        with Horizontal():
            yield Scatter()
            yield Pictures(id="manifold")
            with Vertical(id="side"):
                yield Pictures(id="here")
                yield Caption(id="place")
                yield Static(id="legend")

    def watch_scene(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Choose the size of the digit."""
        width, height = event.size
        sizes = widths(self.image_width, *SCALES)
        size = next((s for s in sizes if s <= width // 2.6 and s // 2 <= height - 6), sizes[-1])
        here = self.query_one("#here", Pictures)
        here.pixels, here.styles.height = size, size // 2
        self.query_one("#side").styles.width = size
        self.call_after_refresh(self._draw)

    def on_scatter_clicked(self, message: Scatter.Clicked) -> None:
        """Move the cursor to the mouse."""
        self._set_cursor(message.point)

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor by cells."""
        window = self._window
        if window is not None:
            x, y = self.cursor
            left, top = window.point(0, 0)
            right, bottom = window.point(window.width - 1, window.height - 1)
            x, y = x + columns * window.scale, y - rows * 2 * window.scale
            self._set_cursor((min(max(x, left), right), min(max(y, bottom), top)))

    def action_method(self) -> None:
        """Take the next way to put the means into two dimensions."""
        network = self.scene.network if self.scene else None
        count = len(METHODS) if network is not None and network.latent_dim == 2 else 3
        self.method = METHODS[(METHODS.index(self.method) + 1) % count]
        self._window = None
        self._draw()
        self.call_after_refresh(self._draw)  # cloud or manifold has a size only once it is shown

    def action_turn_bubbles(self) -> None:
        """Show the bubbles, or all points."""
        self.bubbles = not self.bubbles
        self._draw()

    def action_other_dimension(self, axis: int) -> None:
        """Take the next dimension for an axis."""
        if self.method == "dimensions" and self._dimensions is not None and self.scene:
            network = self.scene.network
            chosen = list(self._dimensions)
            count = network.latent_dim if network else 1
            chosen[axis] = (chosen[axis] + 1) % count
            if chosen[0] == chosen[1] and count > 1:
                chosen[axis] = (chosen[axis] + 1) % count
            self._dimensions = (chosen[0], chosen[1])
            self._window = None
            self._draw()

    def action_jump(self, label: int) -> None:
        """Go to the centre of a class; the second time in a row, to the view of that number."""
        if label == self._jumped_to:
            self._jumped_to = -1
            self.call_later(self.run_action, f"app.view({label - 1})")
            return
        points, scene = self._points(), self.scene
        if points is not None and scene is not None and scene.probe is not None:
            members = scene.probe.of_class(label)
            if len(members):
                x, y = np.median(points[members], axis=0)
                self._set_cursor((float(x), float(y)))
        self._jumped_to = label

    def action_walk(self) -> None:
        """Walk from the cursor."""
        here = self._here()
        if here is not None:
            self.post_message(self.WalkRequested(*here))

    def show_embedding(self, embedding: Embedding) -> None:
        """Show what t-SNE has come to; ask for more when the weights are others by now."""
        self._embedding = embedding
        if embedding.is_done:
            self._is_embedding = False
        self._draw()

    def export(self) -> Export | None:
        """Return the map, or the manifold, as a PNG."""
        points, scene = self._points(), self.scene
        if scene is None or scene.network is None or scene.probe is None:
            return None
        step = scene.network.step
        if self.method == "manifold":
            pictures, columns = self._manifold()
            about = f"manifold, step {step}"
            return Export(
                f"manifold-step{step}.png",
                lambda path: write_digits(path, pictures, columns, about),
            )
        if points is None:
            return None
        labels, classes = scene.probe.labels, scene.probe.classes
        about = f"{self._how()}, step {step}"
        return Export(
            f"map-{self.method}-step{step}.png",
            lambda path: write(path, map_png(points, labels, classes, about)),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws the map."""
        if self.scene is None or self.method not in ("pca", "tsne"):
            return None
        return f"vae-tui map {run} --method {self.method}{self.scene.step_option} -o map.png"

    def _set_cursor(self, point: tuple[float, float]) -> None:
        self._jumped_to = -1
        self.cursor = point
        self._draw()

    def _points(self) -> Floats | None:
        """Return where the means are on the map now, (N, 2)."""
        if self.method == "tsne":
            return self._embedding.points if self._embedding else None
        return self._projection.points if self._projection else None

    def _how(self) -> str:
        if self.method == "tsne":
            return "t-SNE"
        share = f"{self._projection.share:.0%} of the variance" if self._projection else ""
        if self.method == "dimensions" and self._dimensions is not None:
            first, second = self._dimensions
            return f"z{first + 1} across, z{second + 1} upwards, {share}"
        return f"PCA, {share}"

    def _draw(self) -> None:
        scene = self.scene
        if scene is None or not self.is_mounted:
            return
        if scene.network is None or scene.probe is None:
            self.query_one("#caption", Caption).text = waiting(scene)
            return
        self.set_class(self.method == "manifold", "manifold")
        self._project(scene)
        self._draw_legend(scene.probe.classes)
        if self.method == "manifold":
            self._draw_manifold(scene)
        else:
            self._draw_cloud(scene, scene.probe.labels)
        self._draw_here(scene)

    def _project(self, scene: Scene) -> None:
        """Put the means of these weights into two dimensions."""
        means, _ = scene.codes
        if self.method == "dimensions":
            if self._dimensions is None or max(self._dimensions) >= means.shape[1]:
                order = np.argsort(-means.var(0))
                self._dimensions = (int(order[0]), int(order[min(1, len(order) - 1)]))
            self._projection = on_dimensions(means, *self._dimensions)
        elif self.method == "tsne":
            stale = self._embedding is None or self._embedding.codes is not means
            if stale and not self._is_embedding:
                self._is_embedding = True
                start = self._embedding.points if self._embedding else None
                self.post_message(self.EmbeddingRequested(self, means, start))
        else:
            self._projection = pca(means, self._projection)

    def _draw_cloud(self, scene: Scene, labels: Bytes) -> None:
        points, scatter = self._points(), self.query_one(Scatter)
        if points is None or len(points) != len(labels):
            scatter.cloud = None
            self.query_one("#caption", Caption).text = "t-SNE begins: a few seconds"
            return
        width, height = scatter.size
        if not width or not height:
            return
        first = self._window is None
        self._window = window_for(points, width, height, self._window)
        if first:
            self.cursor = self._window.point(width // 2, height // 2)
        cloud = Cloud(points, labels, self._window, self.cursor, unicode=scene.unicode)
        if self.bubbles and self.method != "tsne":
            cloud = self._with_bubbles(cloud, scene)
        scatter.cloud = cloud
        what = f"[b]{len(points)} means[/b]"
        if cloud.outlines is not None:
            what = f"[b]{len(cloud.points)} of {len(points)} means[/b], bubbles of 1 sd"
        busy = " · t-SNE is at work" if self._is_embedding and self.method == "tsne" else ""
        self.query_one("#caption", Caption).text = f"{what} · {WEIGHTS} · {self._how()}{busy}"

    def _with_bubbles(self, cloud: Cloud, scene: Scene) -> Cloud:
        """Return the cloud of a few digits of each class with their bubbles."""
        assert self._projection is not None and scene.probe is not None
        classes = range(len(scene.probe.classes))
        chosen = np.concatenate([scene.probe.of_class(c)[:BUBBLES_OF_CLASS] for c in classes])
        return with_bubbles(cloud, chosen, self._projection.basis, scene.codes[1])

    def _draw_manifold(self, scene: Scene) -> None:
        pictures = self.query_one("#manifold", Pictures)
        images, columns = self._manifold()
        (width,) = widths(self.image_width, 0.5)
        pictures.palette, pictures.pixels, pictures.columns = scene.palette, width, columns
        pictures.images = images
        self.query_one(
            "#caption", Caption
        ).text = f"[b]manifold[/b] z through the inverse normal CDF, evenly · {WEIGHTS}"

    def _manifold(self) -> tuple[Bytes, int]:
        """Return the decoded grid of the prior's quantiles, and how many are in a row."""
        assert self.scene is not None and self.scene.network is not None
        width, height = self.query_one("#manifold", Pictures).size
        (size,) = widths(self.image_width, 0.5)
        columns, rows = max(width // size, 1), max(height // (size // 2), 1)
        codes = quantiles(columns, rows)
        return self.scene.network.decode(codes), columns

    def _draw_here(self, scene: Scene) -> None:
        here = self._here()
        if here is None or scene.network is None:
            return
        code, origin = here
        pictures = self.query_one("#here", Pictures)
        pictures.palette = scene.palette
        pictures.images = scene.network.decode(code[None])
        self.query_one("#place", Caption).text = origin

    def _here(self) -> tuple[Floats, str] | None:
        """Return the code (d,) at the cursor and what it is."""
        scene, points = self.scene, self._points()
        if scene is None or scene.network is None or scene.probe is None or points is None:
            return None
        cursor = np.array(self.cursor, np.float32)
        if self.method == "tsne" or self._projection is None:
            nearest = int(np.square(points - cursor).sum(1).argmin())
            label = scene.probe.labels[nearest]
            return scene.codes[0][nearest], f"nearest: #{nearest}, a {label}"
        x, y = self.cursor
        return self._projection.codes_at(cursor[None])[0], f"at {x:.2f}, {y:.2f}"

    def _draw_legend(self, classes: Sequence[str]) -> None:
        words = [
            f"[{class_colour(number)}]{class_mark(number)}[/]"
            + ("" if name == str(number) else f" {name}")
            for number, name in enumerate(classes)
        ]
        self.query_one("#legend", Static).update("classes " + " ".join(words), layout=True)
