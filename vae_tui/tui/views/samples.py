"""View 2: decoded samples of the prior, as many as fit."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.reactive import var

from vae_tui.arrays import Floats
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import aggregate, samples
from vae_tui.terminal.tiles import fitting, widths
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.view import Export, View, waiting
from vae_tui.tui.widgets.caption import WEIGHTS, Caption
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures

ENOUGH = 12
"""At least this many digits are shown, where the smallest size allows it."""
SCALES = (1, 0.86, 0.71, 0.57, 0.5, 0.43)
TEMPERATURES = (0.0, 0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)


class SamplesView(View):
    """A grid of samples; the same z are decoded again with newer weights."""

    TITLE = "Samples"
    HELP = (
        "Each digit is a z drawn from the prior N(0, I), times the temperature, decoded. The same "
        "z are decoded with newer weights, so that the same digits sharpen. From the aggregate "
        "posterior, z is drawn from q(z|x) of a random test digit, as in training. "
        "The more the two look alike, the better the aggregate posterior matches the prior."
    )
    BINDINGS = [
        Binding("plus,equals_sign", "heat(1)", "Hotter", key_display="+", id="samples.hotter",
                tooltip="Raise the temperature: z further from the mean"),
        Binding("minus", "heat(-1)", "Cooler", key_display="-", id="samples.cooler",
                tooltip="Lower the temperature: z nearer to the mean"),
        Binding("g", "toggle('from_prior')", "Source", id="samples.source",
                tooltip="Sample from the prior, or from the aggregate posterior"),
    ]  # fmt: skip
    DEFAULT_CSS = "SamplesView Panel, SamplesView Pictures { height: 1fr; }"

    seed: var[int] = var(1)
    temperature: var[float] = var(1.0)
    from_prior: var[bool] = var(True)

    watch_seed = View.redraw
    watch_temperature = View.redraw
    watch_from_prior = View.redraw
    on_resize = View.redraw

    def compose(self) -> ComposeResult:
        """A caption and the grid."""
        yield Panel("caption", Pictures())

    def sample(self) -> None:
        """Draw new z."""
        self.seed += 1

    def action_heat(self, steps: int) -> None:
        """Change the temperature."""
        place = TEMPERATURES.index(self.temperature) + steps
        self.temperature = TEMPERATURES[min(max(place, 0), len(TEMPERATURES) - 1)]

    def export(self) -> Export | None:
        """Return the grid as a PNG."""
        scene = self.scene
        if scene is None or scene.network is None:
            return None
        _, columns, rows = self._grid()
        pictures = scene.network.decode(self._codes(scene, columns * rows))
        about = f"{' · '.join(self._description())}, step {scene.network.step}"
        return Export(
            f"samples-seed{self.seed}-step{scene.network.step}.png",
            lambda path: write_digits(path, pictures, columns, about),
        )

    def command(self, run: str) -> str | None:
        """Return the command that draws these samples; None for the aggregate posterior."""
        if self.scene is None or self.scene.network is None or not self.from_prior:
            return None
        _, columns, rows = self._grid()
        return (
            f"vae-tui sample {run} -n {columns * rows} --seed {self.seed} "
            f"--temperature {self.temperature:g}{self.scene.step_option}"
        )

    def _draw(self, scene: Scene) -> None:
        caption, pictures = self.query_one(Caption), self.query_one(Pictures)
        if scene.network is None:
            caption.text = waiting(scene)
            return
        pixels, columns, rows = self._grid()
        pictures.palette, pictures.pixels, pictures.columns = scene.palette, pixels, columns
        pictures.images = scene.network.decode(self._codes(scene, columns * rows))
        pooled = "" if pixels >= self.image_width else f" · {pixels}x{pixels}"
        source, settings = self._description()
        caption.text = f"[b]{columns * rows} {source}[/b] · {WEIGHTS} · {settings}{pooled}"

    def _grid(self) -> tuple[int, int, int]:
        columns, rows = frame_of(self)
        return grid(self.size.width - columns, self.size.height - rows, self.image_width)

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


def grid(width: int, height: int, image_width: int) -> tuple[int, int, int]:
    """Return ``(pixels, columns, rows)`` of the grid that fills most of ``width`` x ``height``."""
    sizes = widths(image_width, *SCALES)
    grids = [(pixels, fitting(width, pixels), height // (pixels // 2)) for pixels in sizes]
    fitting_grids = [one for one in grids if one[1] * one[2] >= ENOUGH] or grids[-1:]
    pixels, columns, rows = max(fitting_grids, key=lambda one: one[0] ** 2 * one[1] * one[2])
    return pixels, max(columns, 1), max(rows, 1)
