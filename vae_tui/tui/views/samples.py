"""View 2: decoded points of the prior, as many as fit."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Resize
from textual.reactive import var

from vae_tui.latent import prior
from vae_tui.tui.views.view import Scene, View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.pictures import SIDE, Pictures

ENOUGH = 12
"""Digits are shown in full size where at least so many fit, else pooled 2:1."""
TEMPERATURES = (0.0, 0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)


class SamplesView(View):
    """A grid of samples; the same z are decoded again with every newer weights."""

    TITLE = "Samples"
    HELP = (
        "Each digit is a z drawn from the prior N(0, I), times the temperature, decoded. The same "
        "z are drawn again with newer weights, so that you see the same digits sharpen."
    )
    BINDINGS = [
        Binding("plus,equals_sign", "heat(1)", "Hotter", key_display="+", id="samples.hotter",
                tooltip="Raise the temperature: z further from the mean"),
        Binding("minus", "heat(-1)", "Cooler", key_display="-", id="samples.cooler",
                tooltip="Lower the temperature: z nearer to the mean"),
    ]  # fmt: skip
    DEFAULT_CSS = """
    SamplesView Pictures { height: 1fr; }
    """

    seed: var[int] = var(1)
    temperature: var[float] = var(1.0)

    def compose(self) -> ComposeResult:
        """One line, and the grid."""
        yield Caption()
        yield Pictures()

    def watch_scene(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw: another number may fit."""
        self._draw()

    def sample(self) -> None:
        """Draw other z."""
        self.seed += 1
        self._draw()

    def action_heat(self, steps: int) -> None:
        """Change the temperature."""
        place = TEMPERATURES.index(self.temperature) + steps
        self.temperature = TEMPERATURES[min(max(place, 0), len(TEMPERATURES) - 1)]
        self._draw()

    def _draw(self) -> None:
        scene = self.scene
        if not self.is_mounted or scene is None:
            return
        caption, pictures = self.query_one(Caption), self.query_one(Pictures)
        if scene.network is None:
            caption.text = waiting(scene)
            return
        pixels, columns, rows = grid(self.size.width, self.size.height - 1)
        codes = prior(self.seed, columns * rows, scene.network.latent_dim) * self.temperature
        pictures.palette, pictures.pixels, pictures.columns = scene.palette, pixels, columns
        pictures.images = scene.network.decode(codes)
        pooled = "" if pixels == SIDE else f" · {pixels}x{pixels}"
        caption.text = (
            f"[b]{columns * rows} prior samples[/b] · {scene.weights} · "
            f"temperature {self.temperature:g} · seed {self.seed}{pooled}"
        )


def waiting(scene: Scene) -> str:
    """Return what a view without weights says."""
    if scene.run.live:
        return "the first weights come in a moment: the trainer is starting"
    return "this run has no weights that can be read"


def grid(width: int, height: int) -> tuple[int, int, int]:
    """Return ``(pixels, columns, rows)`` of the grid that fills so many cells."""
    for pixels in (SIDE, SIDE // 2):
        columns, rows = width // pixels, height // (pixels // 2)
        if columns * rows >= ENOUGH:
            break
    return pixels, max(columns, 1), max(rows, 1)
